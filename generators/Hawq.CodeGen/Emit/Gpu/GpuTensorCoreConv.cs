using Hawq.Planning;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>
/// Convolution as an implicit matrix product on integer tensor cores: rows are output pixels (of all images, so that batch 1 uses the
/// tensor cores too), columns output channels, the reduction runs over taps and 16-byte units of input channels.
/// </summary>
/// <remarks>
/// Shared memory holds two stages: while one is multiplied, the next is on its way from device memory into registers, and one barrier a stage is enough. Fragments
/// come from shared memory by ldmatrix: a row of its 8 x 8 matrices is a unit. Fragments and accumulators are named PTX registers, so that
/// an mma is one instruction and nothing of C# sees them before the epilogue.
/// </remarks>
internal static class GpuTensorCoreConv
{
    public static void Write(SourceWriter w, GpuConvStep step, string name)
    {
        ConvGeometry g = step.Geometry;
        GpuConvKernel k = step.Kernel;
        w.Line($"/// <summary>{GpuEmitter.Describe(step)}</summary>");
        w.Line("/// <remarks>");
        w.Line($"/// Matrix product of pixels by {g.Output.Channels} channels over {GpuWeightLayout.Units(step)} units of 16 bytes, mma.{Shape(k)} {Types(step)}.");
        w.Line($"/// A block of 128 threads computes {k.BlockPixels} pixels x {k.BlockChannels} channels; each of its warps {k.FragmentRows * 8} x {k.FragmentColumns * 8}. |acc| at most {Math.Max(step.Weights.Facts.AccumulatorHi, -step.Weights.Facts.AccumulatorLo)}.");
        if (step.Shortcut is { } projection)
        {
            w.Line($"/// The residual operand is computed first and stays in registers: {GpuEmitter.Describe(projection)}");
        }

        w.Line("/// </remarks>");
        using (GpuEmitter.Kernel(w, $"internal static void {name}(int pixels, ArrayView<int> input, ArrayView<int> weights, ArrayView<int> table, {Parameters(step)})"))
        {
            int halves = Several(step) || (step.Shortcut is not null && Several(step.Shortcut)) ? 2 : 1;
            w.Line($"ArrayView<Word4> sharedInput = SharedMemory.Allocate<Word4>({halves * k.StageUnits * k.BlockPixels});");
            w.Line($"ArrayView<Word4> sharedWeights = SharedMemory.Allocate<Word4>({halves * k.StageUnits * k.BlockChannels});");
            w.Line("int thread = Group.IdxX;");
            w.Line("int lane = thread & 31;");
            w.Line($"int warpRow = (thread >> 5) & {k.WarpRows - 1};");
            w.Line($"int warpColumn = thread >> {5 + GpuText.Log2(k.WarpRows)};");
            w.Blank();
            Registers(w, k);
            if (step.Shortcut is { } shortcut)
            {
                w.Blank();
                w.Line($"// The shortcut, {GpuEmitter.Layers(shortcut)}.");
                Product(w, shortcut, "shortcutInput", "shortcutWeights");
                GpuTensorCoreEpilogue.WriteShortcut(w, step, shortcut);
                w.Line("// Every warp has multiplied the shortcut's last stage.");
                w.Line("Group.Barrier();");
            }

            w.Blank();
            Product(w, step, "input", "weights");
            w.Blank();
            using (step.Shortcut is null ? null : w.Block())
            {
                GpuTensorCoreEpilogue.Write(w, step);
            }
        }
    }

    private static string Parameters(GpuConvStep step) => step.Shortcut is null
        ? GpuEpilogueWriter.Parameters(step.Epilogue)
        : $"ArrayView<int> shortcutWeights, ArrayView<int> shortcutTable, ArrayView<int> shortcutInput, {GpuEpilogueWriter.Parameters(step.Epilogue with { Residual = null })}";

    private static bool Several(GpuConvStep step) => GpuWeightLayout.StagedUnits(step) > step.Kernel.StageUnits;

    /// <summary>Sums up the products of a tile in the accumulators, in a block of its own.</summary>
    private static void Product(SourceWriter w, GpuConvStep step, string input, string weights)
    {
        GpuConvKernel k = step.Kernel;
        int staged = GpuWeightLayout.StagedUnits(step);
        using (w.Block())
        {
            GpuTensorCoreStaging staging = new(w, step, input, weights);
            staging.WritePlace();
            w.Blank();
            for (int i = 0; i < 2 * k.FragmentRows * k.FragmentColumns; i++)
            {
                w.Line($"CudaAsm.Emit(\"mov.b32 acc{i}, 0;\");");
            }

            w.Blank();
            staging.WriteLoad("0", declare: true);
            if (!Several(step))
            {
                w.Blank();
                staging.WriteStore("0");
                w.Line("Group.Barrier();");
                Multiply(w, step, "inputRows", "weightRows");
                return;
            }

            w.Line("int buffer = 0;");
            using (w.Block($"for (int stage = 0; stage < {staged}; stage += {k.StageUnits})"))
            {
                staging.WriteStore("buffer");
                w.Line("Group.Barrier();");
                w.Line("// The next stage; after the last one it is loaded again, and not used.");
                w.Line($"int next = IntrinsicMath.Min(stage + {k.StageUnits}, {staged - k.StageUnits});");
                staging.WriteLoad("next", declare: false);
                w.Line($"int stageRows = inputRows + (buffer * {k.StageUnits * k.BlockPixels * GpuPlanner.UnitBytes});");
                w.Line($"int stageColumns = weightRows + (buffer * {k.StageUnits * k.BlockChannels * GpuPlanner.UnitBytes});");
                Multiply(w, step, "stageRows", "stageColumns");
                w.Line("buffer ^= 1;");
            }
        }
    }

    /// <summary>Declares accumulators and fragments, and the addresses of the rows that this lane gives to ldmatrix.</summary>
    private static void Registers(SourceWriter w, GpuConvKernel k)
    {
        int accumulators = 2 * k.FragmentRows * k.FragmentColumns;
        string kept = k.KeepsShortcut ? $", kept<{accumulators}>" : "";
        w.Line($"CudaAsm.Emit(\".reg .b32 acc<{accumulators}>, row<{k.FragmentRows}>, col<{k.FragmentColumns}>{kept};\");");
        w.Line("// ILGPU names shared arrays in the order of their allocation.");
        w.Line("CudaAsm.Emit(\"mov.u32 %0, __shared_alloca0;\", out int inputRows);");
        w.Line("CudaAsm.Emit(\"mov.u32 %0, __shared_alloca1;\", out int weightRows);");
        w.Line($"inputRows += ((warpRow * {k.FragmentRows * 8}) + {Row(k.FragmentRows)}) * {GpuPlanner.UnitBytes};");
        w.Line($"weightRows += ((warpColumn * {k.FragmentColumns * 8}) + {Row(k.FragmentColumns)}) * {GpuPlanner.UnitBytes};");
    }

    /// <summary>Lanes beyond the matrices that ldmatrix loads repeat their rows, so that no address lies outside.</summary>
    private static string Row(int fragments) => fragments >= 4 ? "lane" : $"(lane & {(8 * fragments) - 1})";

    private static void Multiply(SourceWriter w, GpuConvStep step, string rows, string columns)
    {
        GpuConvKernel k = step.Kernel;
        for (int u = 0; u < k.StageUnits; u++)
        {
            LoadFragments(w, "row", k.FragmentRows, rows, u * k.BlockPixels);
            LoadFragments(w, "col", k.FragmentColumns, columns, u * k.BlockChannels);
            for (int m = 0; m < k.FragmentRows; m++)
            {
                for (int n = 0; n < k.FragmentColumns; n++)
                {
                    int c = Accumulator(k, m, n);
                    w.Line($"CudaAsm.Emit(\"mma.sync.aligned.{Shape(k)}.row.col.s32.{Types(step)}.s32 {{acc{c},acc{c + 1}}}, {{row{m}}}, {{col{n}}}, {{acc{c},acc{c + 1}}};\");");
                }
            }
        }
    }

    /// <summary>First of the two accumulators of a fragment.</summary>
    internal static int Accumulator(GpuConvKernel k, int m, int n) => 2 * ((m * k.FragmentColumns) + n);

    private static void LoadFragments(SourceWriter w, string register, int fragments, string address, int firstRow)
    {
        for (int f = 0; f < fragments; f += 4)
        {
            int count = Math.Min(4, fragments - f);
            string registers = string.Join(",", Enumerable.Range(f, count).Select(i => $"{register}{i}"));
            w.Line($"CudaAsm.Emit(\"ldmatrix.sync.aligned.m8n8.x{count}.shared.b16 {{{registers}}}, [%0+{(firstRow + (f * 8)) * GpuPlanner.UnitBytes}];\", {address});");
        }
    }

    private static string Shape(GpuConvKernel k) => k.Family == GpuConvFamily.TensorCore4 ? "m8n8k32" : "m8n8k16";

    private static string Types(GpuConvStep step) =>
        step.Kernel.Family == GpuConvFamily.TensorCore4 ? "u4.s4" : step.Input.Element == GpuElement.U8 ? "u8.s8" : "s8.s8";
}

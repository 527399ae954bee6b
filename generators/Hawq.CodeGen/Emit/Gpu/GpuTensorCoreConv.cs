using Hawq.Planning;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>
/// Convolution as an implicit matrix product on integer tensor cores: rows are output pixels (of all images, so that batch 1 uses the
/// tensor cores too), columns output channels, the reduction runs over taps and 16-byte units of input channels.
/// </summary>
internal static class GpuTensorCoreConv
{
    public static void Write(SourceWriter w, GpuConvStep step, string name)
    {
        ConvGeometry g = step.Geometry;
        GpuConvKernel k = step.Kernel;
        bool nibbles = k.Family == GpuConvFamily.TensorCore4;
        int unitsPerTap = step.Input.PixelBytes / GpuPlanner.UnitBytes;
        int taps = g.Kernel.Height * g.Kernel.Width;
        int units = taps * unitsPerTap;
        int staged = GpuWeightLayout.StagedUnits(step);
        string types = (nibbles ? "u4" : step.Input.Element == GpuElement.U8 ? "u8" : "s8") + (nibbles ? ".s4" : ".s8");
        string shape = nibbles ? "m8n8k32" : "m8n8k16";

        w.Line($"/// <summary>{GpuEmitter.Describe(step)}</summary>");
        w.Line("/// <remarks>");
        w.Line($"/// Matrix product of pixels by {g.Output.Channels} channels over {units} units of 16 bytes ({taps} taps x {unitsPerTap}), mma.{shape} {types}.");
        w.Line($"/// A block of 128 threads computes {k.BlockPixels} pixels x {k.BlockChannels} channels; each of its warps {k.FragmentRows * 8} x {k.FragmentColumns * 8}. |acc| at most {Math.Max(step.Weights.Facts.AccumulatorHi, -step.Weights.Facts.AccumulatorLo)}.");
        w.Line("/// </remarks>");
        using (GpuEmitter.Kernel(w, $"internal static void {name}(int pixels, ArrayView<int> input, ArrayView<int> weights, ArrayView<int> table, {GpuEpilogueWriter.Parameters(step.Epilogue)})"))
        {
            w.Line($"ArrayView<Word4> sharedInput = SharedMemory.Allocate<Word4>({k.StageUnits * k.BlockPixels});");
            w.Line($"ArrayView<Word4> sharedWeights = SharedMemory.Allocate<Word4>({k.StageUnits * k.BlockChannels});");
            w.Line("ArrayView<Word4> inputUnits = input.Cast<Word4>();");
            w.Line("ArrayView<Word4> weightUnits = weights.Cast<Word4>();");
            w.Line("ArrayView<int> inputWords = sharedInput.Cast<int>();");
            w.Line("ArrayView<int> weightWords = sharedWeights.Cast<int>();");
            w.Line("int thread = Group.IdxX;");
            w.Line("int lane = thread & 31;");
            w.Line($"int warpRow = (thread >> 5) & {k.WarpRows - 1};");
            w.Line($"int warpColumn = thread >> {5 + Log2(k.WarpRows)};");
            w.Blank();
            w.Line("// Each thread stages units of one pixel: its place in the input.");
            w.Line($"int pixel = (Grid.IdxX * {k.BlockPixels}) + (thread & {k.BlockPixels - 1});");
            PixelPlace(w, g);
            int accumulators = 2 * k.FragmentRows * k.FragmentColumns;
            w.Blank();
            w.Line("// Accumulators live in PTX registers: nothing of C# branches on them.");
            w.Line($"CudaAsm.Emit(\".reg .b32 acc<{accumulators}>;\");");
            for (int i = 0; i < accumulators; i++)
            {
                w.Line($"CudaAsm.Emit(\"mov.b32 acc{i}, 0;\");");
            }

            w.Blank();
            using (w.Block($"for (int stage = 0; stage < {staged}; stage += {k.StageUnits})"))
            {
                Stage(w, step, unitsPerTap, units, staged);
                w.Line("Group.Barrier();");
                for (int u = 0; u < k.StageUnits; u++)
                {
                    Multiply(w, k, u, shape, types);
                }

                w.Line("Group.Barrier();");
            }

            w.Blank();
            Finish(w, step);
        }
    }

    /// <summary>Declares image, y and x of the output pixel and top and left of its first tap.</summary>
    public static void PixelPlace(SourceWriter w, ConvGeometry g)
    {
        int area = g.Output.Height * g.Output.Width;
        w.Line($"int image = pixel / {area};");
        w.Line($"int y = (pixel - (image * {area})) / {g.Output.Width};");
        w.Line($"int x = pixel - (image * {area}) - (y * {g.Output.Width});");
        w.Line($"int top = (y * {g.Stride.Height}) - {g.Padding.Top};");
        w.Line($"int left = (x * {g.Stride.Width}) - {g.Padding.Left};");
    }

    private static void Stage(SourceWriter w, GpuConvStep step, int unitsPerTap, int units, int staged)
    {
        ConvGeometry g = step.Geometry;
        GpuConvKernel k = step.Kernel;
        int zero = step.Input.Tensor.ZeroPoint & 255;
        int word = unchecked((int)(zero * 0x01010101u));
        string outside = zero == 0 ? "default" : $"new Word4 {{ X = {word}, Y = {word}, Z = {word}, W = {word} }}";
        int lanesPerUnit = GpuConvKernel.TensorCoreThreads / k.BlockPixels;
        w.Line($"// Stage {k.StageUnits} units of {k.BlockPixels} pixels; what lies outside of the map is the zero point.");
        for (int j = 0; j * lanesPerUnit < k.StageUnits; j++)
        {
            using (w.Block())
            {
                w.Line($"int slot = (thread >> {Log2(k.BlockPixels)}) + {j * lanesPerUnit};");
                w.Line("int unit = stage + slot;");
                w.Line($"int tap = unit / {unitsPerTap};");
                w.Line($"int row = tap / {g.Kernel.Width};");
                w.Line($"int inputY = top + (row * {g.Dilation.Height});");
                w.Line($"int inputX = left + ((tap - (row * {g.Kernel.Width})) * {g.Dilation.Width});");
                w.Line($"Word4 value = {outside};");
                using (w.Block($"if (pixel < pixels & unit < {units} & inputY >= 0 & inputY < {g.Input.Height} & inputX >= 0 & inputX < {g.Input.Width})"))
                {
                    w.Line($"value = inputUnits[((((image * {g.Input.Height}) + inputY) * {g.Input.Width} + inputX) * {unitsPerTap}) + unit - (tap * {unitsPerTap})];");
                }

                w.Blank();
                w.Line($"sharedInput[(slot * {k.BlockPixels}) + (thread & {k.BlockPixels - 1})] = value;");
            }

            w.Blank();
        }

        int weightUnits = k.StageUnits * k.BlockChannels;
        w.Line($"// The weights lie in the order in which they are staged: [block of {k.BlockChannels} channels][unit][channel].");
        for (int first = 0; first < weightUnits; first += GpuConvKernel.TensorCoreThreads)
        {
            string copy = $"sharedWeights[thread + {first}] = weightUnits[(((Grid.IdxY * {staged}) + stage) * {k.BlockChannels}) + thread + {first}];";
            if (weightUnits - first < GpuConvKernel.TensorCoreThreads)
            {
                using (w.Block($"if (thread < {weightUnits - first})"))
                {
                    w.Line(copy);
                }
            }
            else
            {
                w.Line(copy);
            }
        }

        w.Blank();
    }

    private static void Multiply(SourceWriter w, GpuConvKernel k, int unit, string shape, string types)
    {
        using (w.Block())
        {
            for (int m = 0; m < k.FragmentRows; m++)
            {
                w.Line($"int a{m} = inputWords[(((warpRow * {k.FragmentRows * 8}) + {(unit * k.BlockPixels) + (m * 8)}) * 4) + lane];");
            }

            for (int n = 0; n < k.FragmentColumns; n++)
            {
                w.Line($"int b{n} = weightWords[(((warpColumn * {k.FragmentColumns * 8}) + {(unit * k.BlockChannels) + (n * 8)}) * 4) + lane];");
            }

            for (int m = 0; m < k.FragmentRows; m++)
            {
                for (int n = 0; n < k.FragmentColumns; n++)
                {
                    int c = 2 * ((m * k.FragmentColumns) + n);
                    w.Line($"CudaAsm.Emit(\"mma.sync.aligned.{shape}.row.col.s32.{types}.s32 {{acc{c},acc{c + 1}}}, {{%0}}, {{%1}}, {{acc{c},acc{c + 1}}};\", a{m}, b{n});");
                }
            }
        }
    }

    private static void Finish(SourceWriter w, GpuConvStep step)
    {
        GpuConvKernel k = step.Kernel;
        int tableLength = GpuWeightLayout.TableChannels(step);
        w.Line("// Lane l holds row l / 4 and columns 2 * (l % 4) and the next of every 8 x 8 fragment.");
        w.Line($"int channel0 = (Grid.IdxY * {k.BlockChannels}) + (warpColumn * {k.FragmentColumns * 8}) + ((lane & 3) * 2);");
        w.Line($"int pixel0 = (Grid.IdxX * {k.BlockPixels}) + (warpRow * {k.FragmentRows * 8}) + (lane >> 2);");
        for (int n = 0; n < k.FragmentColumns; n++)
        {
            w.Blank();
            using (w.Block())
            {
                w.Line($"int channel = channel0 + {n * 8};");
                Constants(w, tableLength);
                for (int m = 0; m < k.FragmentRows; m++)
                {
                    int c = 2 * ((m * k.FragmentColumns) + n);
                    w.Line($"CudaAsm.Emit(\"mov.b32 %0, acc{c};\", out int acc{m}a);");
                    w.Line($"CudaAsm.Emit(\"mov.b32 %0, acc{c + 1};\", out int acc{m}b);");
                    using (w.Block($"if (pixel0 + {m * 8} < pixels)"))
                    {
                        w.Line($"int v0 = Requantize(acc{m}a + bias0, multiplier0, shift0);");
                        w.Line($"int v1 = Requantize(acc{m}b + bias1, multiplier1, shift1);");
                        GpuEpilogueWriter.Write(w, step.Epilogue, $"pixel0 + {m * 8}", "channel");
                    }

                    w.Blank();
                }
            }
        }
    }

    /// <summary>Declares bias, multiplier and shift of the two channels that start at <c>channel</c>.</summary>
    public static void Constants(SourceWriter w, int tableLength)
    {
        for (int i = 0; i < 2; i++)
        {
            string channel = i == 0 ? "channel" : "channel + 1";
            w.Line($"int bias{i} = table[{channel}];");
            w.Line($"int multiplier{i} = table[{channel} + {tableLength}];");
            w.Line($"int shift{i} = table[{channel} + {2 * tableLength}];");
        }
    }

    private static int Log2(int powerOfTwo)
    {
        int log = 0;
        while (1 << log < powerOfTwo)
        {
            log++;
        }

        return log;
    }
}

using Hawq.Model;
using Hawq.Planning;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>Kernels that move codes, or map them by table.</summary>
internal static class GpuMoveKernels
{
    public static void WriteCopy(SourceWriter w, GpuCopyStep step, string name)
    {
        CopyStep copy = step.Copy;
        Shape source = step.Source.Tensor.Shape;
        w.Line($"/// <summary>{GpuEmitter.Layers(step)}: slice and pad, {source} to {step.Target.Tensor.Shape} {step.Target.Tensor.TypeName}.</summary>");
        using (GpuSimpleKernels.Open(w, step, name, "ArrayView<int> input, ArrayView<int> output0"))
        {
            GpuSimpleKernels.Place(w, step.Target.Tensor.Shape);
            w.Line($"int sourceY = ((y - {copy.Rows.First}) * {copy.Step.Height}) + {copy.Start.Height};");
            w.Line($"int sourceX = ((x - {copy.Columns.First}) * {copy.Step.Width}) + {copy.Start.Width};");
            w.Line($"bool inside = y >= {copy.Rows.First} & y < {copy.Rows.First + copy.Rows.Count} & x >= {copy.Columns.First} & x < {copy.Columns.First + copy.Columns.Count};");
            w.Line($"int at = (((image * {source.Height}) + sourceY) * {source.Width}) + sourceX;");
            for (int i = 0; i < 2; i++)
            {
                w.Line($"int c{i} = channel + {i};");
                w.Line($"int s{i} = {step.Target.Tensor.ZeroPoint};");
                using (w.Block($"if (inside & c{i} >= {copy.Channels.First} & c{i} < {copy.Channels.First + copy.Channels.Count})"))
                {
                    w.Line($"s{i} = {GpuAccess.Load(step.Source, "input", "at", $"(c{i} + {copy.StartChannel - copy.Channels.First})")};");
                }

                w.Blank();
            }

            GpuAccess.StorePair(w, step.Target, "output0", "pixel", "channel");
        }
    }

    public static void WriteEnlarge(SourceWriter w, GpuEnlargeStep step, string name)
    {
        Shape source = step.Source.Tensor.Shape;
        w.Line($"/// <summary>{GpuEmitter.Layers(step)}: {(step.Repeat ? "every pixel repeated" : "zero points between pixels")}, {source} to {step.Target.Tensor.Shape}.</summary>");
        using (GpuSimpleKernels.Open(w, step, name, "ArrayView<int> input, ArrayView<int> output0"))
        {
            GpuSimpleKernels.Place(w, step.Target.Tensor.Shape);
            w.Line($"int sourceY = y / {step.Factor.Height};");
            w.Line($"int sourceX = x / {step.Factor.Width};");
            GpuAccess.LoadPair(w, step.Source, "input", "x", $"(((image * {source.Height}) + sourceY) * {source.Width}) + sourceX", "channel");
            string zero = CodeText.Number(step.Target.Tensor.ZeroPoint);
            string inside = $"sourceY * {step.Factor.Height} == y & sourceX * {step.Factor.Width} == x";
            for (int i = 0; i < 2; i++)
            {
                w.Line(step.Repeat ? $"int s{i} = x{i};" : $"int s{i} = {inside} ? x{i} : {zero};");
            }

            GpuAccess.StorePair(w, step.Target, "output0", "pixel", "channel");
        }
    }

    public static void WritePermute(SourceWriter w, GpuPermuteStep step, string name)
    {
        w.Line($"/// <summary>{GpuEmitter.Layers(step)}: channels in another order, {step.Target.Tensor.Shape}.</summary>");
        using (GpuSimpleKernels.Open(w, step, name, "ArrayView<int> input, ArrayView<int> channels, ArrayView<int> output0"))
        {
            for (int i = 0; i < 2; i++)
            {
                w.Line($"int c{i} = channels[{GpuAccess.Channel(step.Target, i)}];");
                w.Line($"int s{i} = {GpuAccess.Load(step.Source, "input", "pixel", $"c{i}")};");
            }

            GpuAccess.StorePair(w, step.Target, "output0", "pixel", "channel");
        }
    }

    public static void WriteLookup(SourceWriter w, GpuLookupStep step, string name)
    {
        Tensor source = step.Source.Tensor;
        int length = source.Hi - source.Lo + 1;
        w.Line($"/// <summary>{GpuEmitter.Layers(step)}: a function by table, {source.Shape} {source.TypeName} to {step.Target.Tensor.TypeName}.</summary>");
        using (GpuSimpleKernels.Open(w, step, name, "ArrayView<int> input, ArrayView<int> tables, ArrayView<int> output0"))
        {
            for (int i = 0; i < 2; i++)
            {
                w.Line($"int c{i} = {GpuAccess.Channel(step.Target, i)};");
                string code = GpuEpilogueWriter.Relative(GpuAccess.Load(step.Source, "input", "pixel", $"c{i}"), source.Lo);
                w.Line($"int x{i} = {code};");
                w.Line($"int s{i} = tables[{(step.Tables.Count > 1 ? $"(c{i} * {length}) + " : "")}x{i}];");
            }

            GpuAccess.StorePair(w, step.Target, "output0", "pixel", "channel");
        }
    }
}

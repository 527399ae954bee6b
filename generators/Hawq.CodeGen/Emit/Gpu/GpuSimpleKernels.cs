using Hawq.Planning;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>Kernels without a reduction over weights: one thread per pixel or per pair of channels.</summary>
internal static class GpuSimpleKernels
{
    /// <summary>Pixels (bytes, HWC) through their tables, or codes as the caller passes them; padding channels become 0.</summary>
    public static void WriteInput(SourceWriter w, GpuInputStep step, bool tables, string name)
    {
        int channels = step.Target.Tensor.Shape.Channels;
        string element = step.Target.Element switch { GpuElement.U8 => "byte", GpuElement.S8 => "sbyte", GpuElement.S16 => "short", _ => "int" };
        w.Line($"/// <summary>{(tables ? "Maps every pixel byte through its channel's table" : "Copies the input codes")}, {step.Target.Tensor.Shape} {step.Target.Tensor.TypeName}.</summary>");
        using (w.Block($"internal static void {name}(int pixels, ArrayView<int> source, ArrayView<int> tables, ArrayView<int> output0)"))
        {
            w.Line("int pixel = Grid.GlobalIndex.X;");
            GpuEmitter.Return(w, "pixel >= pixels");
            w.Line($"ArrayView<{element}> target = output0.Cast<{element}>();");
            w.Line($"ArrayView<{(tables ? "byte" : "sbyte")}> bytes = source.Cast<{(tables ? "byte" : "sbyte")}>();");
            using (w.Block($"for (int c = 0; c < {step.Target.Channels}; c++)"))
            {
                w.Line("int code = 0;");
                using (w.Block($"if (c < {channels})"))
                {
                    w.Line(tables ? $"code = tables[(c * 256) + bytes[(pixel * {channels}) + c]];" : $"code = bytes[(pixel * {channels}) + c];");
                }

                w.Blank();
                w.Line($"target[(pixel * {step.Target.Channels}) + c] = ({element})code;");
            }
        }
    }

    public static void WriteElementwise(SourceWriter w, GpuElementwiseStep step, string name)
    {
        w.Line($"/// <summary>{GpuEmitter.Layers(step)}: element-wise, {step.Source.Tensor.Shape} {step.Source.Tensor.TypeName}.</summary>");
        using (w.Block($"internal static void {name}(int pixels, ArrayView<int> input, {GpuEpilogueWriter.Parameters(step.Epilogue)})"))
        {
            PairThread(w, step.Source.Channels);
            GpuEpilogueWriter.LoadPair(w, step.Source, "input", "x", "pixel", "channel");
            w.Line($"int v0 = {GpuEpilogueWriter.Relative("x0", step.Source.Tensor.ZeroPoint)};");
            w.Line($"int v1 = {GpuEpilogueWriter.Relative("x1", step.Source.Tensor.ZeroPoint)};");
            GpuEpilogueWriter.Write(w, step.Epilogue, "pixel", "channel");
        }
    }

    public static void WriteCopy(SourceWriter w, GpuCopyStep step, string name)
    {
        CopyStep copy = step.Copy;
        int height = step.Target.Tensor.Shape.Height;
        int width = step.Target.Tensor.Shape.Width;
        string element = step.Source.Element switch { GpuElement.U8 => "byte", GpuElement.S8 => "sbyte", GpuElement.S16 => "short", _ => "int" };
        w.Line($"/// <summary>{GpuEmitter.Layers(step)}: slice and pad, {step.Source.Tensor.Shape} to {step.Target.Tensor.Shape} {step.Target.Tensor.TypeName}.</summary>");
        using (w.Block($"internal static void {name}(int pixels, ArrayView<int> input, ArrayView<int> output0)"))
        {
            w.Line("int pixel = Grid.GlobalIndex.X;");
            GpuEmitter.Return(w, "pixel >= pixels");
            w.Line($"int image = pixel / {height * width};");
            w.Line($"int y = (pixel - (image * {height * width})) / {width};");
            w.Line($"int x = pixel - (image * {height * width}) - (y * {width});");
            w.Line($"int sourceY = ((y - {copy.Rows.First}) * {copy.Step.Height}) + {copy.Start.Height};");
            w.Line($"int sourceX = ((x - {copy.Columns.First}) * {copy.Step.Width}) + {copy.Start.Width};");
            w.Line($"bool inside = y >= {copy.Rows.First} & y < {copy.Rows.First + copy.Rows.Count} & x >= {copy.Columns.First} & x < {copy.Columns.First + copy.Columns.Count};");
            w.Line($"int at = ((((image * {step.Source.Tensor.Shape.Height}) + sourceY) * {step.Source.Tensor.Shape.Width}) + sourceX) * {step.Source.Channels};");
            using (w.Block($"for (int c = 0; c < {step.Target.Channels}; c++)"))
            {
                w.Line($"int code = {step.Target.Tensor.ZeroPoint};");
                using (w.Block($"if (inside & c >= {copy.Channels.First} & c < {copy.Channels.First + copy.Channels.Count})"))
                {
                    w.Line($"code = input.Cast<{element}>()[at + c + {copy.StartChannel - copy.Channels.First}];");
                }

                w.Blank();
                w.Line($"output0.Cast<{element}>()[(pixel * {step.Target.Channels}) + c] = ({element})code;");
            }
        }
    }

    public static void WritePool(SourceWriter w, GpuPoolStep step, string name)
    {
        int area = step.Source.Pixels;
        w.Line($"/// <summary>{GpuEmitter.Layers(step)}: average of all {area} pixels, {step.Source.Tensor.Shape} {step.Source.Tensor.TypeName}; one multiplier carries the division.</summary>");
        using (w.Block($"internal static void {name}(int pixels, ArrayView<int> input, {GpuEpilogueWriter.Parameters(step.Epilogue)})"))
        {
            PairThread(w, step.Source.Channels);
            w.Line("int sum0 = 0;");
            w.Line("int sum1 = 0;");
            using (w.Block($"for (int i = 0; i < {area}; i++)"))
            {
                GpuEpilogueWriter.LoadPair(w, step.Source, "input", "x", $"(pixel * {area}) + i", "channel");
                w.Line($"sum0 += {GpuEpilogueWriter.Relative("x0", step.Source.Tensor.ZeroPoint)};");
                w.Line($"sum1 += {GpuEpilogueWriter.Relative("x1", step.Source.Tensor.ZeroPoint)};");
            }

            w.Blank();
            w.Line($"int v0 = {GpuEpilogueWriter.Requantize("sum0", step.Requantize)};");
            w.Line($"int v1 = {GpuEpilogueWriter.Requantize("sum1", step.Requantize)};");
            GpuEpilogueWriter.Write(w, step.Epilogue, "pixel", "channel");
        }
    }

    private static void PairThread(SourceWriter w, int channels)
    {
        w.Line("int pair = Grid.GlobalIndex.X;");
        w.Line($"int pixel = pair / {channels / 2};");
        w.Line($"int channel = (pair - (pixel * {channels / 2})) * 2;");
        GpuEmitter.Return(w, "pixel >= pixels");
    }
}

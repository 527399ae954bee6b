using Hawq.Model;
using Hawq.Planning;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>Kernels without weights: a thread computes two neighbouring channels of one pixel (the input step: a whole pixel).</summary>
internal static class GpuSimpleKernels
{
    /// <summary>Pixels (bytes, HWC) through their tables, or codes as the caller passes them, clamped; padding channels become 0.</summary>
    public static void WriteInput(SourceWriter w, GpuInputStep step, string name)
    {
        bool tables = step.Tables.Count > 0;
        Tensor tensor = step.Target.Tensor;
        int channels = tensor.Shape.Channels;
        string element = GpuAccess.TypeOf(step.Target.Element);
        string code = $"source.Cast<{GpuAccess.TypeOf(step.Caller.Element)}>()[(pixel * {channels}) + c]";
        w.Line($"/// <summary>{(tables ? "Maps every pixel byte through its channel's table" : "Takes the input codes, clamped")}, {tensor.Shape} {tensor.TypeName}.</summary>");
        using (GpuEmitter.Kernel(w, $"internal static void {name}(int pixels, ArrayView<int> source, {(tables ? "ArrayView<int> tables, " : "")}ArrayView<int> output0)"))
        {
            w.Line("int pixel = Grid.GlobalIndex.X;");
            GpuEmitter.Return(w, "pixel >= pixels");
            using (w.Block($"for (int c = 0; c < {step.Target.Channels}; c++)"))
            {
                w.Line("int code = 0;");
                using (w.Block($"if (c < {channels})"))
                {
                    w.Line($"code = {(tables ? $"tables[(c * 256) + {code}]" : $"IntrinsicMath.Clamp((int){code}, {tensor.Lo}, {tensor.Hi})")};");
                }

                w.Blank();
                w.Line($"output0.Cast<{element}>()[(pixel * {step.Target.Channels}) + c] = ({element})code;");
            }
        }
    }

    public static void WriteElementwise(SourceWriter w, GpuElementwiseStep step, string name)
    {
        w.Line($"/// <summary>{GpuEmitter.Layers(step)}: element-wise, {step.Source.Tensor.Shape} {step.Source.Tensor.TypeName}.</summary>");
        using (Open(w, step, name, $"ArrayView<int> input, {GpuEpilogueWriter.Parameters(step.Epilogue)}"))
        {
            GpuAccess.LoadPair(w, step.Source, "input", "x", "pixel", "channel");
            w.Line($"int v0 = {GpuEpilogueWriter.Relative("x0", step.Source.Tensor.ZeroPoint)};");
            w.Line($"int v1 = {GpuEpilogueWriter.Relative("x1", step.Source.Tensor.ZeroPoint)};");
            GpuEpilogueWriter.Write(w, step.Epilogue, "pixel", "channel");
        }
    }

    public static void WriteMul(SourceWriter w, GpuMulStep step, string name)
    {
        bool repeated = step.B.Pixels == 1 && step.A.Pixels > 1;
        w.Line($"/// <summary>{GpuEmitter.Layers(step)}: product, {step.A.Tensor.Shape} {step.A.Tensor.TypeName} by {step.B.Tensor.Shape} {step.B.Tensor.TypeName}.</summary>");
        using (Open(w, step, name, $"ArrayView<int> input, ArrayView<int> other, {GpuEpilogueWriter.Parameters(step.Epilogue)}"))
        {
            GpuAccess.LoadPair(w, step.A, "input", "x", "pixel", "channel");
            GpuAccess.LoadPair(w, step.B, "other", "y", repeated ? $"pixel / {step.A.Pixels}" : "pixel", "channel");
            for (int i = 0; i < 2; i++)
            {
                string product = $"({GpuEpilogueWriter.Relative($"x{i}", step.A.Tensor.ZeroPoint)}) * ({GpuEpilogueWriter.Relative($"y{i}", step.B.Tensor.ZeroPoint)})";
                w.Line($"int v{i} = {GpuEpilogueWriter.Requantize(product, step.Requantize)};");
            }

            GpuEpilogueWriter.Write(w, step.Epilogue, "pixel", "channel");
        }
    }

    public static void WriteSub(SourceWriter w, GpuSubStep step, string name)
    {
        w.Line($"/// <summary>{GpuEmitter.Layers(step)}: difference, {step.A.Tensor.Shape}.</summary>");
        using (Open(w, step, name, "ArrayView<int> input, ArrayView<int> other, ArrayView<int> output0"))
        {
            GpuAccess.LoadPair(w, step.A, "input", "x", "pixel", "channel");
            GpuAccess.LoadPair(w, step.B, "other", "y", "pixel", "channel");
            for (int i = 0; i < 2; i++)
            {
                string a = GpuEpilogueWriter.Requantize(GpuEpilogueWriter.Relative($"x{i}", step.A.Tensor.ZeroPoint), step.RequantizeA);
                string b = GpuEpilogueWriter.Requantize(GpuEpilogueWriter.Relative($"y{i}", step.B.Tensor.ZeroPoint), step.RequantizeB);
                w.Line($"int v{i} = ({a}) - ({b});");
            }

            GpuEpilogueWriter.Store(w, step.Store, "output0", "pixel", "channel");
        }
    }

    public static void WriteConcat(SourceWriter w, GpuConcatStep step, string name)
    {
        string parameters = string.Concat(step.Parts.Select((_, i) => $"ArrayView<int> part{i}, "));
        w.Line($"/// <summary>{GpuEmitter.Layers(step)}: {step.Parts.Count} tensors joined, {step.Target.Tensor.Shape} {step.Target.Tensor.TypeName}.</summary>");
        using (Open(w, step, name, parameters + "ArrayView<int> output0"))
        {
            for (int i = 0; i < 2; i++)
            {
                w.Line($"int c{i} = {GpuAccess.Channel(step.Target, i)};");
                w.Line($"int s{i} = 0;");
                int first = 0;
                for (int p = 0; p < step.Parts.Count; p++)
                {
                    GpuConcatPart part = step.Parts[p];
                    int end = first + part.Source.Tensor.Shape.Channels;
                    string value = GpuAccess.Load(part.Source, $"part{p}", "pixel", first == 0 ? $"c{i}" : $"(c{i} - {first})");
                    value = GpuEpilogueWriter.Requantize(GpuEpilogueWriter.Relative(value, part.Source.Tensor.ZeroPoint), part.Requantize);
                    value = part.Clamp.Needed ? $"IntrinsicMath.Clamp({value}, {part.Clamp.Lo}, {part.Clamp.Hi})" : value;
                    using (w.Block($"{(p == 0 ? "if" : "else if")} (c{i} < {end})"))
                    {
                        w.Line($"s{i} = {GpuEpilogueWriter.Relative(value, -step.Target.Tensor.ZeroPoint)};");
                    }

                    first = end;
                }

                w.Blank();
            }

            GpuAccess.StorePair(w, step.Target, "output0", "pixel", "channel");
        }
    }

    public static void WriteMaxPool(SourceWriter w, GpuMaxPoolStep step, string name)
    {
        w.Line($"/// <summary>{GpuEmitter.Layers(step)}: largest of {step.Window.Kernel}, {step.Source.Tensor.Shape} to {step.Target.Tensor.Shape} {step.Target.Tensor.TypeName}.</summary>");
        using (Open(w, step, name, "ArrayView<int> input, ArrayView<int> output0"))
        {
            bool wide = step.ThreadChannels > 2;
            for (int i = 0; i < step.ThreadChannels; i++)
            {
                w.Line($"int s{i} = {step.Source.Tensor.Lo};");
            }

            using (Window(w, step.Window, step.Source.Tensor.Shape, step.Target.Tensor.Shape))
            {
                if (wide)
                {
                    GpuLaneAccess.Load(w, step.Source, "input", "x", step.ThreadChannels, "at", "channel");
                }
                else
                {
                    GpuAccess.LoadPair(w, step.Source, "input", "x", "at", "channel");
                }

                for (int i = 0; i < step.ThreadChannels; i++)
                {
                    w.Line($"s{i} = IntrinsicMath.Max(s{i}, x{i});");
                }
            }

            w.Blank();
            if (wide)
            {
                // Codes, not values relative to the zero point.
                GpuLaneAccess.Store(w, step.Target with { Tensor = step.Target.Tensor with { ZeroPoint = 0 } }, "output0", "s", step.ThreadChannels, "pixel", "channel");
            }
            else
            {
                GpuAccess.StorePair(w, step.Target, "output0", "pixel", "channel");
            }
        }
    }

    public static void WriteAveragePool(SourceWriter w, GpuAveragePoolStep step, string name)
    {
        bool counts = step.Divisors.Count > 1;
        w.Line($"/// <summary>{GpuEmitter.Layers(step)}: average of {step.Window.Kernel}, {step.Source.Tensor.Shape} {step.Source.Tensor.TypeName} to {step.Shape.Tensor.Shape}; one multiplier carries the division.</summary>");
        using (Open(w, step, name, $"ArrayView<int> input, {GpuEpilogueWriter.Parameters(step.Epilogue)}"))
        {
            w.Line("int sum0 = 0;");
            w.Line("int sum1 = 0;");
            if (counts)
            {
                w.Line("int taps = 0;");
            }

            using (Window(w, step.Window, step.Source.Tensor.Shape, step.Shape.Tensor.Shape))
            {
                GpuAccess.LoadPair(w, step.Source, "input", "x", "at", "channel");
                w.Line($"sum0 += {GpuEpilogueWriter.Relative("x0", step.Source.Tensor.ZeroPoint)};");
                w.Line($"sum1 += {GpuEpilogueWriter.Relative("x1", step.Source.Tensor.ZeroPoint)};");
                if (counts)
                {
                    w.Line("taps++;");
                }
            }

            w.Blank();
            w.Line($"int multiplier = {step.Divisors[0].Requantize.Multiplier};");
            w.Line($"int shift = {step.Divisors[0].Requantize.Shift};");
            foreach (PoolDivisor divisor in step.Divisors.Skip(1))
            {
                w.Line($"multiplier = taps == {divisor.Count} ? {divisor.Requantize.Multiplier} : multiplier;");
                w.Line($"shift = taps == {divisor.Count} ? {divisor.Requantize.Shift} : shift;");
            }

            w.Line("int v0 = Requantize(sum0, multiplier, shift);");
            w.Line("int v1 = Requantize(sum1, multiplier, shift);");
            GpuEpilogueWriter.Write(w, step.Epilogue, "pixel", "channel");
        }
    }

    /// <summary>Opens the loops over the taps of a window that lie inside the input; <c>at</c> is the input pixel.</summary>
    private static IDisposable Window(SourceWriter w, PoolWindow window, Shape source, Shape target)
    {
        if (target is { Height: 1, Width: 1 } && window.AlwaysInside && window.Kernel.Height == source.Height && window.Kernel.Width == source.Width)
        {
            IDisposable all = w.Block($"for (int tap = 0; tap < {source.Height * source.Width}; tap++)");
            w.Line($"int at = (pixel * {source.Height * source.Width}) + tap;");
            return all;
        }

        Place(w, target);
        w.Line($"int top = (y * {window.Stride.Height}) - {window.Padding.Top};");
        w.Line($"int left = (x * {window.Stride.Width}) - {window.Padding.Left};");
        w.Line($"for (int row = 0; row < {window.Kernel.Height}; row++)");
        IDisposable loops = w.Block($"for (int column = 0; column < {window.Kernel.Width}; column++)");
        w.Line($"int inputY = top + (row * {window.Dilation.Height});");
        w.Line($"int inputX = left + (column * {window.Dilation.Width});");
        if (!window.AlwaysInside)
        {
            using (w.Block($"if (inputY < 0 | inputY >= {source.Height} | inputX < 0 | inputX >= {source.Width})"))
            {
                w.Line("continue;");
            }

            w.Blank();
        }

        w.Line($"int at = (((image * {source.Height}) + inputY) * {source.Width}) + inputX;");
        return loops;
    }

    /// <summary>Declares image, y and x of the pixel.</summary>
    internal static void Place(SourceWriter w, Shape shape)
    {
        w.Line($"int image = pixel / {shape.Height * shape.Width};");
        w.Line($"int y = (pixel - (image * {shape.Height * shape.Width})) / {shape.Width};");
        w.Line($"int x = pixel - (image * {shape.Height * shape.Width}) - (y * {shape.Width});");
    }

    /// <summary>Opens a kernel with a thread for every pair of channels and declares pixel and channel.</summary>
    internal static IDisposable Open(SourceWriter w, GpuPairStep step, string name, string parameters)
    {
        IDisposable block = GpuEmitter.Kernel(w, $"internal static void {name}(int pixels, {parameters})");
        w.Line("int pair = Grid.GlobalIndex.X;");
        w.Line($"int pixel = pair / {step.Launch.PerPixel};");
        w.Line($"int channel = (pair - (pixel * {step.Launch.PerPixel})) * {step.ThreadChannels};");
        GpuEmitter.Return(w, "pixel >= pixels");
        return block;
    }
}

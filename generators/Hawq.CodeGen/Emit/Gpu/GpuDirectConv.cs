using Hawq.Planning;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>Convolutions without tensor cores: one thread computes a few channels of one pixel.</summary>
internal static class GpuDirectConv
{
    /// <summary>dp4a over words of four input channels; eight output channels per thread.</summary>
    public static void WriteDot4(SourceWriter w, GpuConvStep step, string name)
    {
        ConvGeometry g = step.Geometry;
        int words = step.Input.PixelBytes / 4;
        int channels = step.Kernel.BlockChannels;
        int zero = unchecked((int)((step.Input.Tensor.ZeroPoint & 255) * 0x01010101u));
        string types = step.Input.Element == GpuElement.U8 ? "u32.s32" : "s32.s32";
        int steps = g.Kernel.Height * g.Kernel.Width * words;
        w.Line($"/// <summary>{GpuEmitter.Describe(step)}</summary>");
        w.Line($"/// <remarks>One pixel x {channels} channels per thread, dp4a over {steps} words of four input channels.</remarks>");
        using (Open(w, step, name))
        {
            for (int i = 0; i < channels; i++)
            {
                w.Line($"int acc{i} = 0;");
            }

            w.Line($"int weight = Grid.IdxY * {steps * channels};");
            using (w.Block($"for (int row = 0; row < {g.Kernel.Height}; row++)"))
            using (w.Block($"for (int column = 0; column < {g.Kernel.Width}; column++)"))
            {
                Tap(w, g);
                using (w.Block($"for (int word = 0; word < {words}; word++)"))
                {
                    w.Line($"int codes = {zero};");
                    using (w.Block("if (inside)"))
                    {
                        w.Line($"codes = input[((((image * {g.Input.Height}) + inputY) * {g.Input.Width} + inputX) * {words}) + word];");
                    }

                    w.Blank();
                    for (int i = 0; i < channels; i++)
                    {
                        w.Line($"CudaAsm.Emit(\"dp4a.{types} %0, %1, %2, %3;\", out acc{i}, codes, weights[weight + {i}], acc{i});");
                    }

                    w.Line($"weight += {channels};");
                }
            }

            Finish(w, step, channels);
        }
    }

    /// <summary>Plain products of single codes; works on every device and for every number of groups.</summary>
    public static void WritePlain(SourceWriter w, GpuConvStep step, string name)
    {
        ConvGeometry g = step.Geometry;
        int inputs = g.GroupInputChannels;
        int taps = g.Kernel.Height * g.Kernel.Width;
        string element = GpuAccess.TypeOf(step.Input.Element);
        w.Line($"/// <summary>{GpuEmitter.Describe(step)}</summary>");
        w.Line("/// <remarks>One pixel x 2 channels per thread, plain C#: runs on every device.</remarks>");
        using (Open(w, step, name))
        {
            w.Line($"ArrayView<{element}> codes = input.Cast<{element}>();");
            w.Line("ArrayView<sbyte> kernel = weights.Cast<sbyte>();");
            w.Line("int acc0 = 0;");
            w.Line("int acc1 = 0;");
            w.Line("int channel0 = Grid.IdxY * 2;");
            string source0 = g.Groups == 1 ? "0" : $"channel0 / {g.GroupOutputChannels} * {inputs}";
            string source1 = g.Groups == 1 ? "0" : $"IntrinsicMath.Min(channel0 + 1, {g.Output.Channels - 1}) / {g.GroupOutputChannels} * {inputs}";
            w.Line($"int source0 = {source0};");
            w.Line($"int source1 = {source1};");
            using (w.Block($"for (int row = 0; row < {g.Kernel.Height}; row++)"))
            using (w.Block($"for (int column = 0; column < {g.Kernel.Width}; column++)"))
            {
                Tap(w, g);
                w.Line($"int at = (((image * {g.Input.Height}) + inputY) * {g.Input.Width} + inputX) * {step.Input.Channels};");
                w.Line($"int weight = ((channel0 * {taps}) + (row * {g.Kernel.Width}) + column) * {inputs};");
                using (w.Block($"for (int c = 0; c < {inputs}; c++)"))
                {
                    w.Line($"int x0 = {step.Input.Tensor.ZeroPoint};");
                    w.Line($"int x1 = {step.Input.Tensor.ZeroPoint};");
                    using (w.Block("if (inside)"))
                    {
                        w.Line("x0 = codes[at + source0 + c];");
                        w.Line("x1 = codes[at + source1 + c];");
                    }

                    w.Blank();
                    w.Line("acc0 += x0 * kernel[weight + c];");
                    w.Line($"acc1 += x1 * kernel[weight + {taps * inputs} + c];");
                }
            }

            Finish(w, step, 2);
        }
    }

    private static IDisposable Open(SourceWriter w, GpuConvStep step, string name)
    {
        IDisposable block = GpuEmitter.Kernel(
            w, $"internal static void {name}(int pixels, ArrayView<int> input, ArrayView<int> weights, ArrayView<int> table, {GpuEpilogueWriter.Parameters(step.Epilogue)})");
        w.Line("int pixel = Grid.GlobalIndex.X;");
        GpuEmitter.Return(w, "pixel >= pixels");
        GpuTensorCoreConv.PixelPlace(w, step.Geometry);
        return block;
    }

    private static void Tap(SourceWriter w, ConvGeometry g)
    {
        w.Line($"int inputY = top + (row * {g.Dilation.Height});");
        w.Line($"int inputX = left + (column * {g.Dilation.Width});");
        w.Line($"bool inside = inputY >= 0 & inputY < {g.Input.Height} & inputX >= 0 & inputX < {g.Input.Width};");
    }

    private static void Finish(SourceWriter w, GpuConvStep step, int channels)
    {
        int tableLength = GpuWeightLayout.TableChannels(step);
        for (int i = 0; i < channels; i += 2)
        {
            w.Blank();
            using (w.Block())
            {
                w.Line($"int channel = (Grid.IdxY * {channels}) + {i};");
                GpuTensorCoreConv.Constants(w, tableLength);
                w.Line($"int v0 = Requantize(acc{i} + bias0, multiplier0, shift0);");
                w.Line($"int v1 = Requantize(acc{i + 1} + bias1, multiplier1, shift1);");
                GpuEpilogueWriter.Write(w, step.Epilogue, "pixel", "channel");
            }
        }
    }
}

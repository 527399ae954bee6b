using Hawq.Planning;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>Convolutions without tensor cores: one thread computes two channels of one pixel.</summary>
internal static class GpuDirectConv
{
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

            Finish(w, step);
        }
    }

    private static IDisposable Open(SourceWriter w, GpuConvStep step, string name)
    {
        IDisposable block = GpuEmitter.Kernel(
            w, $"internal static void {name}(int pixels, ArrayView<int> input, ArrayView<int> weights, ArrayView<int> table, {GpuEpilogueWriter.Parameters(step.Epilogue)})");
        w.Line("int pixel = Grid.GlobalIndex.X;");
        GpuEmitter.Return(w, "pixel >= pixels");
        GpuText.PixelPlace(w, step.Geometry);
        return block;
    }

    private static void Tap(SourceWriter w, ConvGeometry g)
    {
        w.Line($"int inputY = top + (row * {g.Dilation.Height});");
        w.Line($"int inputX = left + (column * {g.Dilation.Width});");
        w.Line($"bool inside = inputY >= 0 & inputY < {g.Input.Height} & inputX >= 0 & inputX < {g.Input.Width};");
    }

    private static void Finish(SourceWriter w, GpuConvStep step)
    {
        int tableLength = GpuWeightLayout.TableChannels(step);
        w.Blank();
        w.Line("int channel = Grid.IdxY * 2;");
        for (int i = 0; i < 2; i++)
        {
            string at = i == 0 ? "channel" : "channel + 1";
            w.Line($"int v{i} = Requantize(acc{i} + table[{at}], table[{at} + {tableLength}], table[{at} + {2 * tableLength}]);");
        }

        GpuEpilogueWriter.Write(w, step.Epilogue, "pixel", "channel");
    }
}

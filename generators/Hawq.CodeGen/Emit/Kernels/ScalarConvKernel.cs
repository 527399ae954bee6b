using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Plain loops over the layout of <see cref="WeightPacking.Rows"/>: the kernel that exists on every machine.</summary>
internal static class ScalarConvKernel
{
    public static void WriteBody(SourceWriter writer, ConvStep step, KernelLibrary library)
    {
        ConvGeometry g = step.Geometry;
        bool byRows = step.Work.Axis == WorkAxis.Rows;
        using (Loop(writer, "y", g.Output.Height, byRows ? "first" : null, "end"))
        using (Loop(writer, "x", g.Output.Width))
        {
            writer.Line($"byte* window = {CodeText.Sum("input", Row(g, "y", g.Stride.Height, g.InputRowStride, g.Output.Height), Row(g, "x", g.Stride.Width, g.InputPixelStride, g.Output.Width))};");
            using (byRows ? writer.Block($"for (int o = 0; o < {g.Output.Channels}; o++)") : Blocks(writer, g.Output.Channels))
            {
                WriteAccumulator(writer, g, step.Epilogue.Requantize!.RoundingHoldsBias ? "" : "table[o] + ", library);
                int padded = step.Weights.PaddedChannels;
                ScalarEpilogue.WriteRequantize(
                    writer, step.Epilogue, "accumulator", $"table[{padded} + o]", $"table[{3 * padded} + o]", $"table[{4 * padded} + o]");
                ScalarEpilogue.Write(writer, step.Epilogue, storage => Address(storage, "y", "x", "o"));
            }
        }
    }

    /// <summary>Element index of (row, column, channel) in a tensor.</summary>
    public static string Address(TensorStorage storage, string y, string x, string channel) => CodeText.Sum(
        storage.Tensor.Shape.Height == 1 ? "0" : $"({CodeText.Times(y, storage.RowStride / storage.ElementSize)})",
        storage.Tensor.Shape.Width == 1 ? "0" : storage.PixelStride == storage.ElementSize ? x : $"({CodeText.Times(x, storage.PixelStride / storage.ElementSize)})",
        storage.Tensor.Shape.Channels == 1 ? "0" : channel);

    /// <summary>A counted loop, or nothing where there is one turn (the variable is then not mentioned either).</summary>
    public static IDisposable Loop(SourceWriter writer, string variable, int count, string? first = null, string? end = null) =>
        first is not null ? writer.Block($"for (int {variable} = {first}; {variable} < {end}; {variable}++)")
        : count == 1 ? Nothing.Instance
        : writer.Block($"for (int {variable} = 0; {variable} < {count}; {variable}++)");

    private static IDisposable Blocks(SourceWriter writer, int channels)
    {
        int block = 32;
        string end = channels % block == 0 ? $"end * {block}" : $"global::System.Math.Min(end * {block}, {channels})";
        writer.Line($"int endChannel = {end};");
        return writer.Block($"for (int o = first * {block}; o < endChannel; o++)");
    }

    private static string Row(ConvGeometry g, string variable, int stride, int bytes, int count) =>
        count == 1 ? "0" : $"({CodeText.Times(variable, (long)stride * bytes)})";

    private static void WriteAccumulator(SourceWriter writer, ConvGeometry g, string bias, KernelLibrary library)
    {
        int perChannel = g.Kernel.Height * g.Kernel.Width * g.GroupInputChannels;
        string sum = library.Share("SumOfProducts", SumOfProducts);
        writer.Line(
            $"int accumulator = {bias}{sum}({CodeText.Sum("window", GroupStart(g))}, weights + ({CodeText.Times("o", perChannel)}), "
            + $"{g.Kernel.Height}, {g.Dilation.Height * g.InputRowStride}, {g.RunsPerRow}, {g.Dilation.Width * g.InputPixelStride}, {g.RunLength});");
    }

    private static string SumOfProducts(string name) => $$"""
        /// <summary>Codes of a window by weights: rows, runs in a row, and codes in a run, which lie side by side.</summary>
        {{KernelLibrary.OptimizeAttribute}}
        private static int {{name}}(byte* window, sbyte* weights, int rows, int rowBytes, int runs, int runBytes, int length)
        {
            unchecked
            {
                int sum = 0;
                for (int row = 0; row < rows; row++, window += rowBytes)
                {
                    for (int run = 0; run < runs; run++, weights += length)
                    {
                        byte* codes = window + run * runBytes;
                        for (int i = 0; i < length; i++)
                        {
                            sum += codes[i] * weights[i];
                        }
                    }
                }

                return sum;
            }
        }
        """;

    /// <summary>First input channel of output channel o's group. Groups have a literal number of channels, so there is no division.</summary>
    private static string GroupStart(ConvGeometry g)
    {
        if (g.Groups == 1)
        {
            return "0";
        }

        if (g.GroupOutputChannels == 1)
        {
            return g.GroupInputChannels == 1 ? "o" : $"(o * {g.GroupInputChannels})";
        }

        // floor(o / n) as a multiplication: exact for o < 2^16 with 32 fractional bits.
        long reciprocal = ((1L << 32) + g.GroupOutputChannels - 1) / g.GroupOutputChannels;
        return $"((int)((o * {reciprocal}L) >> 32) * {g.GroupInputChannels})";
    }

    private sealed class Nothing : IDisposable
    {
        public static Nothing Instance { get; } = new();

        public void Dispose()
        {
        }
    }
}

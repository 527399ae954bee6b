using Hawq.Model;

namespace Hawq.Cli.Verification;

/// <summary>What one tier's process found; it travels to the parent as JSON.</summary>
/// <param name="Tier">Tier asked for.</param>
/// <param name="Ran">Tier that the runtime reported.</param>
/// <param name="Inputs">Inputs tried.</param>
/// <param name="Tensors">Tensors compared per input.</param>
/// <param name="BytesCompared">Bytes of codes compared in all.</param>
/// <param name="Difference">The first difference, or null.</param>
internal sealed record TierResult(string Tier, string Ran, int Inputs, int Tensors, long BytesCompared, Difference? Difference);

/// <summary>The first place where generated code and the reference interpreter disagree.</summary>
/// <param name="Input">Name of the input.</param>
/// <param name="Layer">First differing layer in execution order.</param>
/// <param name="Tensor">Tensor that it writes.</param>
/// <param name="Row">Position: row.</param>
/// <param name="Column">Position: column.</param>
/// <param name="Channel">Position: channel.</param>
/// <param name="Expected">Code of the reference interpreter.</param>
/// <param name="Got">Code of the generated network.</param>
/// <param name="Count">How many codes of this tensor differ.</param>
internal sealed record Difference(
    string Input, string Layer, string Tensor, int Row, int Column, int Channel, int Expected, int Got, long Count)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"layer '{Layer}' (tensor '{Tensor}') at row {Row}, column {Column}, channel {Channel}: expected {Expected}, got {Got}; {Count} codes of this tensor differ; input: {Input}";
}

/// <summary>Compares traces.</summary>
internal static class TraceComparison
{
    /// <summary>The first difference in execution order, or null.</summary>
    /// <param name="network">The network.</param>
    /// <param name="input">Name of the input.</param>
    /// <param name="expected">Reference codes by tensor.</param>
    /// <param name="got">Generated codes by tensor; tensors that fusion keeps in registers may be absent.</param>
    /// <param name="bytes">Grows by the bytes compared.</param>
    public static Difference? FirstDifference(
        Network network, string input, IReadOnlyDictionary<string, int[]> expected, IReadOnlyDictionary<string, int[]> got, ref long bytes)
    {
        foreach (Layer layer in network.Layers)
        {
            if (!got.TryGetValue(layer.Output, out int[]? actual))
            {
                continue;
            }

            Tensor tensor = network.Tensor(layer.Output);
            int[] wanted = expected[layer.Output];
            bytes += wanted.Length * (long)SizeOf(tensor.Element);
            int first = -1;
            long count = 0;
            for (int i = 0; i < wanted.Length; i++)
            {
                if (wanted[i] != actual[i])
                {
                    first = first < 0 ? i : first;
                    count++;
                }
            }

            if (first >= 0)
            {
                int channel = first % tensor.Shape.Channels;
                int column = first / tensor.Shape.Channels % tensor.Shape.Width;
                int row = first / tensor.Shape.Channels / tensor.Shape.Width;
                return new Difference(input, layer.Name, tensor.Name, row, column, channel, wanted[first], actual[first], count);
            }
        }

        return null;
    }

    private static int SizeOf(ElementType element) => element switch
    {
        ElementType.UInt8 or ElementType.Int8 => 1,
        ElementType.Int16 => 2,
        _ => 4,
    };
}

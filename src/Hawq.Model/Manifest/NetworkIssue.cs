namespace Hawq.Model;

/// <summary>Something inconsistent in a network, and where in the manifest it stands.</summary>
/// <param name="Id">Stable id; see <see cref="HawqIds"/>.</param>
/// <param name="Message">What is wrong and what is expected.</param>
/// <param name="Section">Top-level field of the manifest: <c>tensors</c>, <c>layers</c>, <c>input</c>, ...</param>
/// <param name="Index">Index in the section, or -1.</param>
/// <param name="Field">Field of the element, or null for the element itself.</param>
public sealed record NetworkIssue(string Id, string Message, string Section, int Index = -1, string? Field = null);

/// <summary>Receives the issues of one layer.</summary>
internal sealed class LayerIssues(string layer, int index, List<NetworkIssue> issues)
{
    /// <summary>A shape or count that does not fit.</summary>
    public void Shape(string field, string message) => Add(HawqIds.ManifestShape, field, message);

    /// <summary>A number outside its legal range.</summary>
    public void Number(string field, string message) => Add(HawqIds.ManifestNumber, field, message);

    /// <summary>The output must have this shape.</summary>
    public void ExpectOutput(Tensor output, long height, long width, long channels)
    {
        if ((output.Shape.Height, output.Shape.Width, output.Shape.Channels) != (height, width, channels))
        {
            Shape("output", $"its output '{ManifestNames.Quote(output.Name)}' is {output.Shape}, but should be {height}x{width}x{channels}");
        }
    }

    /// <summary>Codes are copied, so input and output must share their grid.</summary>
    public void ExpectSameGrid(Tensor input, Tensor output)
    {
        if ((input.Lo, input.Hi, input.ZeroPoint, input.Scale) != (output.Lo, output.Hi, output.ZeroPoint, output.Scale))
        {
            Number("output", "it copies codes, so its input and output must have the same lo, hi, zeroPoint and scale");
        }
    }

    /// <summary>A value that the semantics hold in an int32 must fit.</summary>
    public void ExpectInt32(string field, string what, long lo, long hi)
    {
        if (!FitInt32(lo, hi))
        {
            Number(field, $"{what} can reach [{lo}, {hi}], which does not fit in int32");
        }
    }

    /// <summary>Every requantized value, with the zero point, must fit in int32.</summary>
    public void ExpectRequantized(string field, Dyadic dyadic, long lo, long hi, Tensor output)
    {
        // Values beyond int32 are reported where they arise; here they would overflow the product.
        if (dyadic.IsValid && FitInt32(lo, hi))
        {
            long zero = Math.Abs((long)output.ZeroPoint);
            ExpectInt32(field, "the requantized value", dyadic.Requantize(lo) - zero, dyadic.Requantize(hi) + zero);
        }
    }

    // In any order: a hostile range may be given upside down.
    private static bool FitInt32(long lo, long hi) => Math.Min(lo, hi) >= int.MinValue && Math.Max(lo, hi) <= int.MaxValue;

    private void Add(string id, string field, string message) =>
        issues.Add(new NetworkIssue(id, $"Layer '{ManifestNames.Quote(layer)}': {message}.", "layers", index, field));
}

namespace Hawq.Model;

/// <summary>
/// Any function of one number, as a table made at quantization time: y = table[x - lo(x)], one table for all channels or one per channel (PRelu).
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor, of at most 256 codes.</param>
/// <param name="Output">Output tensor of the same shape; every entry is in its range.</param>
/// <param name="Tables">Tables of hi(x) - lo(x) + 1 entries.</param>
public sealed record LookupLayer(string Name, string Input, string Output, EquatableArray<EquatableArray<int>> Tables) : Layer(Name, Output)
{
    /// <summary>Most codes that the input of a table may have.</summary>
    public const int MaxEntries = 256;

    /// <inheritdoc/>
    public override string Op => "lookup";

    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => EquatableArray.Of(Input);
}

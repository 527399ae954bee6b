namespace Hawq.Model;

/// <summary>
/// Fully connected layer over the whole input, flattened in the stored order (row, column, channel: the importer permutes the
/// weights of a network that flattened channels first); see <see cref="LinearLayer"/> for the arithmetic. Output is 1 x 1 x features.
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor of any shape; its length is the weights' input channels.</param>
/// <param name="Output">Output tensor, 1 x 1 x features.</param>
/// <param name="Weights">Weights, kernel 1 x 1.</param>
/// <param name="Bias">int32 per output feature.</param>
/// <param name="Requantize">Dyadic multiplier per output feature.</param>
/// <param name="Facts">What the planner needs to know of the weights.</param>
public sealed record GemmLayer(
    string Name, string Input, string Output, WeightTensor Weights, EquatableArray<int> Bias, EquatableArray<Dyadic> Requantize, WeightFacts Facts)
    : LinearLayer(Name, Input, Output, Weights, Bias, Requantize, Facts)
{
    /// <inheritdoc/>
    public override string Op => "gemm";
}

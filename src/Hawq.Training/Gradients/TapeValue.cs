namespace Hawq.Training.Gradients;

/// <summary>A float32 tensor of a <see cref="Tape"/>, of a fixed shape.</summary>
/// <param name="Name">Name in the ONNX graph.</param>
/// <param name="Dims">Dimensions in ONNX order ([N, C, H, W] for images); empty for a scalar.</param>
public sealed record TapeValue(string Name, IReadOnlyList<int> Dims)
{
    /// <summary>Number of elements.</summary>
    public int Count => Dims.Aggregate(1, (product, d) => checked(product * d));

    /// <inheritdoc/>
    public override string ToString() => $"{Name} [{string.Join(", ", Dims)}]";
}

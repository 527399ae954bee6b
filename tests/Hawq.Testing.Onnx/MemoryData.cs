using Hawq.Model;
using Hawq.Quantization.Data;

namespace Hawq.Testing.Onnx;

/// <summary>Inputs that are no images, made or given in memory.</summary>
/// <param name="name">Name, for reports.</param>
/// <param name="shape">Shape of one input.</param>
/// <param name="inputs">Values in the order row, column, channel.</param>
public sealed class MemoryData(string name, Shape shape, IReadOnlyList<float[]> inputs) : IDataSet
{
    /// <summary>Reproducible noise in [-1, 1].</summary>
    public static MemoryData Noise(Shape shape, int count) => new("noise", shape, [.. Enumerable.Range(0, count).Select(i => OnnxRunner.Noise(shape.Length, i))]);

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public int Count => inputs.Count;

    /// <inheritdoc/>
    public Shape Shape => shape;

    /// <inheritdoc/>
    public IReadOnlyList<int> Labels => [];

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => [];

    /// <inheritdoc/>
    public Preprocess? Preprocess => null;

    /// <inheritdoc/>
    public void ReadPixels(int index, Span<byte> pixels) => throw new InvalidOperationException("These inputs are no images.");

    /// <inheritdoc/>
    public void ReadValues(int index, Span<float> values) => inputs[index].CopyTo(values);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}

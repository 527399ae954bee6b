using Hawq.Model;

namespace Hawq.Quantization.Data;

/// <summary>A range of another data set, which stays its owner's.</summary>
/// <param name="data">The set.</param>
/// <param name="first">Index of the first input.</param>
/// <param name="count">Number of inputs.</param>
internal sealed class DataSlice(IDataSet data, int first, int count) : IDataSet
{
    /// <inheritdoc/>
    public string Name => data.Name;

    /// <inheritdoc/>
    public int Count => count;

    /// <inheritdoc/>
    public Shape Shape => data.Shape;

    /// <inheritdoc/>
    public IReadOnlyList<int> Labels => [];

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => [];

    /// <inheritdoc/>
    public Preprocess? Preprocess => data.Preprocess;

    /// <inheritdoc/>
    public void ReadPixels(int index, Span<byte> pixels) => data.ReadPixels(first + index, pixels);

    /// <inheritdoc/>
    public void ReadValues(int index, Span<float> values) => data.ReadValues(first + index, values);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}

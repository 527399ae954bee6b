using Hawq.Model;

namespace Hawq.Quantization.Data;

/// <summary>What image sets share: bytes become real values by the preprocessing.</summary>
/// <param name="name">For reports.</param>
/// <param name="shape">The network's input.</param>
/// <param name="preprocess">How bytes become values; its channel count must be the input's.</param>
public abstract class ImageDataSet(string name, Shape shape, Preprocess preprocess) : IDataSet
{
    private readonly float[][] _values = Preprocessing.ByteValues(preprocess, shape.Channels);

    /// <inheritdoc/>
    public string Name { get; } = name;

    /// <inheritdoc/>
    public abstract int Count { get; }

    /// <inheritdoc/>
    public Shape Shape { get; } = shape;

    /// <inheritdoc/>
    public abstract IReadOnlyList<int> Labels { get; }

    /// <inheritdoc/>
    public virtual IReadOnlyList<string> ClassNames => [];

    /// <inheritdoc/>
    public Preprocess Preprocess { get; } = preprocess;

    Preprocess? IDataSet.Preprocess => Preprocess;

    /// <inheritdoc/>
    public abstract void ReadPixels(int index, Span<byte> pixels);

    /// <inheritdoc/>
    public void ReadValues(int index, Span<float> values)
    {
        byte[] pixels = new byte[Shape.Length];
        ReadPixels(index, pixels);
        for (int i = 0, channel = 0; i < pixels.Length; i++)
        {
            values[i] = _values[channel][pixels[i]];
            channel = channel + 1 == Shape.Channels ? 0 : channel + 1;
        }
    }

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}

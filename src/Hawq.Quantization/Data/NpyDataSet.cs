using Hawq.Model;

namespace Hawq.Quantization.Data;

/// <summary>
/// Inputs that are not images: a float32 .npy array [N, C, H, W] (or [N, C*H*W]) and, if there are labels, an integer array [N].
/// </summary>
public sealed class NpyDataSet : IDataSet
{
    private readonly NpyFile _inputs;

    /// <summary>Opens the files.</summary>
    /// <param name="path">Inputs.</param>
    /// <param name="labelsPath">Labels, or null.</param>
    /// <param name="shape">The network's input.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.Data"/>: damaged, empty, another shape, labels that do not fit.</exception>
    public NpyDataSet(string path, string? labelsPath, Shape shape)
    {
        Name = Path.GetFileName(path);
        Shape = shape;
        _inputs = new NpyFile(path);
        try
        {
            IReadOnlyList<int> dimensions = _inputs.Dimensions;
            if (_inputs.Type != "<f4")
            {
                throw new HawqException(HawqIds.Data, $"Inputs must be float32 ('<f4'), not '{_inputs.Type}'. Convert with numpy: x.astype('<f4').", path);
            }

            if (dimensions.Count == 0 || dimensions[0] == 0)
            {
                throw new HawqException(HawqIds.Data, "The array is empty.", path);
            }

            int[] expected = [shape.Channels, shape.Height, shape.Width];
            if (!dimensions.Skip(1).SequenceEqual(expected) && !dimensions.Skip(1).SequenceEqual([shape.Length]))
            {
                throw new HawqException(
                    HawqIds.Data,
                    $"The array has the shape [{string.Join(", ", dimensions)}]; the network needs [N, {string.Join(", ", expected)}] (batch, channels, height, width).",
                    path);
            }

            Count = dimensions[0] <= DataLimits.Inputs
                ? dimensions[0]
                : throw new HawqException(HawqIds.Data, $"The array holds {dimensions[0]} inputs; at most {DataLimits.Inputs} are read. Split it.", path);
            Labels = labelsPath is null ? [] : ReadLabels(labelsPath, Count);
        }
        catch
        {
            _inputs.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public Shape Shape { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> Labels { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => [];

    /// <inheritdoc/>
    public Preprocess? Preprocess => null;

    /// <inheritdoc/>
    public void ReadPixels(int index, Span<byte> pixels) => throw new InvalidOperationException($"{Name} holds no images.");

    /// <inheritdoc/>
    public void ReadValues(int index, Span<float> values)
    {
        float[] planes = new float[Shape.Length];
        _inputs.ReadFloats((long)index * planes.Length, planes);
        int pixels = Shape.Height * Shape.Width;
        for (int c = 0; c < Shape.Channels; c++)
        {
            for (int i = 0; i < pixels; i++)
            {
                values[(i * Shape.Channels) + c] = planes[(c * pixels) + i];
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _inputs.Dispose();

    private static int[] ReadLabels(string path, int count)
    {
        using NpyFile file = new(path);
        long[] labels = file.ReadIntegers();
        if (labels.Length != count || labels.Any(l => l is < 0 or > 1 << 24))
        {
            throw new HawqException(
                HawqIds.Data,
                labels.Length != count ? $"There are {labels.Length} labels for {count} inputs." : "A label is negative or larger than any class index.",
                path);
        }

        return [.. labels.Select(l => (int)l)];
    }
}

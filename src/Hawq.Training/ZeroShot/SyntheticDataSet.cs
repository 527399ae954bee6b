using Hawq.Model;
using Hawq.Quantization.Data;

namespace Hawq.Training.ZeroShot;

/// <summary>Images that no camera took, held in memory.</summary>
/// <param name="name">Where they come from, for reports and the quantization card.</param>
/// <param name="shape">Shape of an image.</param>
/// <param name="preprocess">How bytes become inputs.</param>
/// <param name="pixels">Bytes of every image, in the order row, column, channel.</param>
/// <param name="labels">Class of every image, or empty.</param>
public sealed class SyntheticDataSet(string name, Shape shape, Preprocess preprocess, IReadOnlyList<byte[]> pixels, IReadOnlyList<int> labels)
    : ImageDataSet(name, shape, preprocess)
{
    /// <inheritdoc/>
    public override int Count => pixels.Count;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Labels => labels;

    /// <inheritdoc/>
    public override void ReadPixels(int index, Span<byte> target) => pixels[index].CopyTo(target);

    /// <summary>
    /// Gaussian noise of mean 0 and variance 1 after preprocessing, cut to the range of pixels: what calibration without data was before batch
    /// normalization was used, and a floor to compare with.
    /// </summary>
    /// <param name="shape">Shape of an image.</param>
    /// <param name="preprocess">How bytes become inputs.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="seed">Seed.</param>
    public static SyntheticDataSet Noise(Shape shape, Preprocess preprocess, int count, int seed)
    {
        PixelRange range = new(preprocess, shape);
        byte[][] pixels = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            Gaussian random = new(seed, i);
            float[] values = new float[shape.Length];
            random.Fill(values);
            pixels[i] = range.ToBytes(values);
        }

        return new SyntheticDataSet($"Gaussian noise (seed {seed})", shape, preprocess, pixels, []);
    }
}

using Hawq.Model;
using Hawq.Quantization.Data;

namespace Hawq.Training.ZeroShot;

/// <summary>What preprocessed images can be: bytes, seen through the preprocessing. Values are in ONNX order: channel, row, column.</summary>
internal sealed class PixelRange
{
    private readonly Shape _shape;
    private readonly (float Black, float White)[] _channels;

    public PixelRange(Preprocess preprocess, Shape shape)
    {
        _shape = shape;
        _channels = [.. Preprocessing.ByteValues(preprocess, shape.Channels).Select(table => (table[0], table[255]))];
    }

    /// <summary>Values of a black and of a white byte, per channel.</summary>
    public IReadOnlyList<(float Black, float White)> Channels => _channels;

    /// <summary>Cuts images to the range.</summary>
    public void Clamp(Span<float> images)
    {
        int positions = _shape.Height * _shape.Width;
        for (int i = 0; i < images.Length; i++)
        {
            (float black, float white) = _channels[i / positions % _channels.Length];
            images[i] = Math.Clamp(images[i], black, white);
        }
    }

    /// <summary>Images <paramref name="first"/> and following of a set as values, as many as fit; behind the last comes the first.</summary>
    public void Read(SyntheticDataSet set, int first, Span<float> values)
    {
        int positions = _shape.Height * _shape.Width;
        float[] image = new float[_shape.Length];
        for (int i = 0; i < values.Length / image.Length; i++)
        {
            set.ReadValues((first + i) % set.Count, image);
            for (int k = 0; k < image.Length; k++)
            {
                values[(i * image.Length) + (k % _shape.Channels * positions) + (k / _shape.Channels)] = image[k];
            }
        }
    }

    /// <summary>A batch of images, each as <see cref="ToBytes(ReadOnlySpan{float})"/>.</summary>
    public byte[][] ToBytes(float[] images, int count) => [.. Enumerable.Range(0, count).Select(i => ToBytes(images.AsSpan(i * _shape.Length, _shape.Length)))];

    /// <summary>An image as bytes in the order row, column, channel; each rounded to the nearest.</summary>
    public byte[] ToBytes(ReadOnlySpan<float> image)
    {
        int positions = _shape.Height * _shape.Width;
        byte[] bytes = new byte[image.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            int channel = i / positions;
            (float black, float white) = _channels[channel];
            bytes[(i % positions * _shape.Channels) + channel] = (byte)Math.Clamp(Math.Round((image[i] - black) / ((double)white - black) * 255), 0, 255);
        }

        return bytes;
    }
}

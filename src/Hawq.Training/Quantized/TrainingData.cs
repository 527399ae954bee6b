using Hawq.Model;
using Hawq.Quantization.Data;
using Hawq.Quantization.Engine;

namespace Hawq.Training.Quantized;

/// <summary>Training inputs in random order, mirrored and moved; as codes for the quantized network and as real values for the float one.</summary>
/// <param name="network">The quantized network.</param>
/// <param name="data">The inputs.</param>
/// <param name="options">Order and augmentation.</param>
internal sealed class TrainingData(Network network, IDataSet data, TrainingOptions options)
{
    private const int Reach = 2;

    private readonly Shape _shape = data.Shape;
    private readonly Tensor _input = network.Tensor(network.Input.Tensor);
    private readonly float[][]? _values = data.Preprocess is { } preprocess && network.Input.PixelTables.Count > 0 ? Preprocessing.ByteValues(preprocess, data.Shape.Channels) : null;

    /// <summary>Number of inputs in use.</summary>
    public int Count { get; } = Math.Min(options.Images ?? data.Count, data.Count);

    /// <summary>Reads the inputs number <paramref name="first"/> and following of an endless series of shuffled epochs.</summary>
    /// <param name="first">Position in the series.</param>
    /// <param name="codes">Receives codes less their zero point, in ONNX order.</param>
    /// <param name="values">Receives real values, in ONNX order; may be empty.</param>
    /// <param name="labels">Receives the labels, if there are any.</param>
    public void Read(long first, Span<float> codes, Span<float> values, int[] labels)
    {
        int[] order = [];
        long epoch = -1;
        for (int i = 0; i < labels.Length; i++)
        {
            long position = first + i;
            if (position / Count != epoch)
            {
                epoch = position / Count;
                order = new Gaussian(options.Seed, (int)epoch).Permutation(Count);
            }

            int index = order[position % Count];
            labels[i] = index < data.Labels.Count ? data.Labels[index] : 0;
            int start = i * _shape.Length;
            ReadOne(index, new Gaussian(options.Seed ^ 0x5bd1e995, (int)position), codes.Slice(start, _shape.Length), values.IsEmpty ? [] : values.Slice(start, _shape.Length), options.Augment);
        }
    }

    private void ReadOne(int index, Gaussian random, Span<float> codes, Span<float> values, bool augment)
    {
        int positions = _shape.Height * _shape.Width;
        if (_values is null)
        {
            float[] real = new float[_shape.Length];
            int[] integers = new int[_shape.Length];
            data.ReadValues(index, real);
            NetworkRunner.Encode(_input, real, integers);
            for (int k = 0; k < real.Length; k++)
            {
                int to = (k % _shape.Channels * positions) + (k / _shape.Channels);
                codes[to] = integers[k] - _input.ZeroPoint;
                if (!values.IsEmpty)
                {
                    values[to] = real[k];
                }
            }

            return;
        }

        byte[] pixels = new byte[_shape.Length];
        data.ReadPixels(index, pixels);
        bool mirror = augment && random.Uniform() < .5;
        (int down, int right) = augment ? (random.Below((2 * Reach) + 1) - Reach, random.Below((2 * Reach) + 1) - Reach) : (0, 0);
        for (int y = 0; y < _shape.Height; y++)
        {
            for (int x = 0; x < _shape.Width; x++)
            {
                // Pixels beyond the border repeat it.
                int fromY = Math.Clamp(y + down, 0, _shape.Height - 1), fromX = Math.Clamp((mirror ? _shape.Width - 1 - x : x) + right, 0, _shape.Width - 1);
                for (int c = 0; c < _shape.Channels; c++)
                {
                    byte pixel = pixels[(((fromY * _shape.Width) + fromX) * _shape.Channels) + c];
                    int to = (c * positions) + (y * _shape.Width) + x;
                    codes[to] = network.Input.PixelTables[c][pixel] - _input.ZeroPoint;
                    if (!values.IsEmpty)
                    {
                        values[to] = _values[c][pixel];
                    }
                }
            }
        }
    }
}

using Hawq.Model;

namespace Hawq.Quantization.Engine;

/// <summary>
/// Runs a whole quantized network over batches; equal to the reference interpreter to the bit, and far faster. May be called from several threads.
/// </summary>
public sealed class NetworkRunner
{
    private readonly Network _network;
    private readonly Dictionary<string, Tensor> _tensors;
    private readonly Dictionary<string, LinearKernel> _kernels;
    private readonly Dictionary<string, int> _lastRead = [];

    /// <summary>Prepares the kernels.</summary>
    public NetworkRunner(Network network, NetworkWeights weights)
    {
        _network = network;
        _tensors = network.Tensors.ToDictionary(t => t.Name);
        _kernels = network.Layers.OfType<LinearLayer>().ToDictionary(
            l => l.Name,
            l => IntegerEngine.Kernel(LinearGeometry.Of(l, _tensors[l.Input].Shape, _tensors[l.Output].Shape), weights.Unpack(l.Weights), _tensors[l.Input]));
        for (int i = 0; i < network.Layers.Count; i++)
        {
            foreach (string input in network.Layers[i].Inputs)
            {
                _lastRead[input] = i;
            }
        }
    }

    /// <summary>Codes of the first output for a batch of input codes.</summary>
    /// <param name="input">Input codes.</param>
    /// <param name="seen">Called with the name and the codes of every tensor that a layer writes, or null.</param>
    public Batch<int> Run(Batch<int> input, Action<string, Batch<int>>? seen = null)
    {
        Dictionary<string, Batch<int>> values = new() { [_network.Input.Tensor] = input };
        for (int i = 0; i < _network.Layers.Count; i++)
        {
            Layer layer = _network.Layers[i];
            values[layer.Output] = IntegerEngine.Run(layer, _kernels.GetValueOrDefault(layer.Name), n => _tensors[n], n => values[n]);
            seen?.Invoke(layer.Output, values[layer.Output]);
            foreach (string read in layer.Inputs)
            {
                if (_lastRead[read] == i && !_network.Outputs.Contains(read))
                {
                    values.Remove(read);
                }
            }
        }

        return values[_network.Outputs[0]];
    }

    /// <summary>Input codes of real values (of a network whose input is no image): round half up, clamped.</summary>
    public static void Encode(Tensor input, ReadOnlySpan<float> values, Span<int> codes)
    {
        for (int i = 0; i < values.Length; i++)
        {
            double code = Math.Floor((values[i] / (double)input.Scale) + 0.5) + input.ZeroPoint;
            codes[i] = (int)Math.Min(Math.Max(code, input.Lo), input.Hi);
        }
    }

    /// <summary>Input codes of image bytes, through the pixel tables.</summary>
    public static void Encode(NetworkInput input, ReadOnlySpan<byte> pixels, Span<int> codes)
    {
        int channels = input.PixelTables.Count;
        for (int i = 0, c = 0; i < pixels.Length; i++)
        {
            codes[i] = input.PixelTables[c][pixels[i]];
            c = c + 1 == channels ? 0 : c + 1;
        }
    }
}

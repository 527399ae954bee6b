using Hawq.Model;

namespace Hawq.Reference;

/// <summary>
/// Runs a network exactly as the integer semantics define it: the specification in code, and the oracle of every other implementation.
/// Plain loops and checked arithmetic. Immutable, so that one instance may serve several threads.
/// </summary>
public sealed class Interpreter
{
    private readonly Dictionary<string, Tensor> _tensors = [];
    private readonly sbyte[]?[] _weights;

    /// <summary>Unpacks the weights of every layer.</summary>
    /// <param name="network">A consistent network, for example one that the manifest reader accepted.</param>
    /// <param name="weights">Its sidecar.</param>
    public Interpreter(Network network, NetworkWeights weights)
    {
        Network = network;
        foreach (Tensor tensor in network.Tensors)
        {
            _tensors.Add(tensor.Name, tensor);
        }

        _weights = network.Layers.Select(layer => layer is LinearLayer linear ? weights.Unpack(linear.Weights) : null).ToArray();
    }

    /// <summary>The network that runs.</summary>
    public Network Network { get; }

    /// <summary>The input codes of an image: each byte through the table of its channel.</summary>
    /// <param name="pixels">Image bytes, row by row with channels innermost, as many as the input tensor has elements.</param>
    /// <exception cref="InvalidOperationException">The network has no pixel tables: it takes codes.</exception>
    /// <exception cref="ArgumentException">The number of bytes is not the input's.</exception>
    public int[] InputCodes(ReadOnlySpan<byte> pixels)
    {
        Shape shape = _tensors[Network.Input.Tensor].Shape;
        if (Network.Input.PixelTables.Count == 0)
        {
            throw new InvalidOperationException($"The network {Network.Name} has no pixel tables; give it input codes.");
        }

        if (pixels.Length != shape.Length)
        {
            throw new ArgumentException($"The network {Network.Name} takes {shape.Length} bytes ({shape}), not {pixels.Length}.", nameof(pixels));
        }

        int[] codes = new int[pixels.Length];
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = Network.Input.PixelTables[i % shape.Channels][pixels[i]];
        }

        return codes;
    }

    /// <summary>Runs the network on an image.</summary>
    /// <param name="pixels">See <see cref="InputCodes"/>.</param>
    /// <returns>The codes of every tensor by name, row by row with channels innermost.</returns>
    public IReadOnlyDictionary<string, int[]> Run(ReadOnlySpan<byte> pixels) => RunCodes(InputCodes(pixels));

    /// <summary>Runs the network on input codes.</summary>
    /// <param name="inputCodes">Codes of the input tensor, each in its range.</param>
    /// <returns>The codes of every tensor by name, row by row with channels innermost.</returns>
    /// <exception cref="ArgumentException">The number of codes is not the input's, or one is outside its range.</exception>
    public IReadOnlyDictionary<string, int[]> RunCodes(int[] inputCodes)
    {
        Tensor input = _tensors[Network.Input.Tensor];
        if (inputCodes.Length != input.Shape.Length || inputCodes.Any(code => code < input.Lo || code > input.Hi))
        {
            throw new ArgumentException($"The input takes {input.Shape.Length} codes in [{input.Lo}, {input.Hi}].", nameof(inputCodes));
        }

        Dictionary<string, int[]> values = new() { [input.Name] = inputCodes };
        Run(values, 0, Network.Layers.Count);
        return values;
    }

    /// <summary>Runs the layers from <paramref name="first"/> up to, but not including, <paramref name="end"/>.</summary>
    /// <param name="values">Codes by tensor name: holds what the layers read, and receives what they write.</param>
    /// <param name="first">Index of the first layer.</param>
    /// <param name="end">Index after the last layer.</param>
    public void Run(IDictionary<string, int[]> values, int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            Layer layer = Network.Layers[i];
            TensorValue[] inputs = layer.Inputs.Select(name => new TensorValue(_tensors[name], values[name])).ToArray();
            values[layer.Output] = LayerEvaluator.Evaluate(layer, inputs, _tensors[layer.Output], _weights[i]);
        }
    }
}

/// <summary>A tensor with its codes.</summary>
/// <param name="Tensor">Shape, range, zero point.</param>
/// <param name="Codes">Codes, row by row with channels innermost.</param>
public readonly record struct TensorValue(Tensor Tensor, int[] Codes);

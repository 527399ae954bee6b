using Hawq.Model;

namespace Hawq.Planning;

/// <summary>The network as a graph: who writes a tensor, who reads it.</summary>
internal sealed class Graph
{
    private readonly Dictionary<string, Tensor> _tensors;
    private readonly Dictionary<string, List<Layer>> _readers = [];
    private readonly Dictionary<string, Layer> _producers = [];
    private readonly HashSet<string> _outputs;

    public Graph(Network network)
    {
        Network = network;
        _tensors = network.Tensors.ToDictionary(t => t.Name);
        _outputs = [.. network.Outputs];
        foreach (Layer layer in network.Layers)
        {
            _producers.Add(layer.Output, layer);
            foreach (string input in layer.Inputs)
            {
                if (!_readers.TryGetValue(input, out List<Layer>? readers))
                {
                    _readers.Add(input, readers = []);
                }

                readers.Add(layer);
            }
        }
    }

    public Network Network { get; }

    public Tensor Tensor(string name) => _tensors[name];

    /// <summary>Layers that read a tensor, once per operand, in execution order.</summary>
    public IReadOnlyList<Layer> Readers(string tensor) => _readers.TryGetValue(tensor, out List<Layer>? readers) ? readers : [];

    /// <summary>The layer that writes a tensor, or null for the network's input.</summary>
    public Layer? Producer(string tensor) => _producers.TryGetValue(tensor, out Layer? layer) ? layer : null;

    public bool IsOutput(string tensor) => _outputs.Contains(tensor);

    /// <summary>The only reader of a tensor that is not an output, or null.</summary>
    public Layer? OnlyReader(string tensor) => !IsOutput(tensor) && Readers(tensor) is { Count: 1 } readers ? readers[0] : null;
}

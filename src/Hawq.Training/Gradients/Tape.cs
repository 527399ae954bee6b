using Hawq.Onnx;
using Hawq.Onnx.Export;
using Hawq.Onnx.Schema;
using DataType = Hawq.Onnx.Schema.TensorProto.Types.DataType;

namespace Hawq.Training.Gradients;

/// <summary>
/// Reverse-mode differentiation that writes itself down: operations (the extension methods beside this class, one file per family) append
/// ONNX nodes of the standard domain and remember how a gradient passes through them; <see cref="Gradients"/> appends the nodes of the
/// backward pass. The finished graph computes values and gradients in one run of any ONNX runtime.
/// </summary>
/// <remarks>
/// Shapes are fixed, the batch included: a training step always has the same size. Names of inputs are the caller's, all others are numbered,
/// so the same calls give the same bytes. Not safe to use from several threads.
/// </remarks>
public sealed class Tape
{
    private readonly OnnxWriter _writer = new("hawq");
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<string, TapeValue> _inputs = new(StringComparer.Ordinal);
    private int _next;

    /// <summary>How the gradient of a node's output becomes the gradient of one of its inputs.</summary>
    /// <param name="gradient">Gradient of the output, of its shape.</param>
    /// <returns>Gradient of the input, of its shape.</returns>
    internal delegate TapeValue Pullback(TapeValue gradient);

    /// <summary>Inputs of the graph, in the order they were declared.</summary>
    public IReadOnlyCollection<TapeValue> Inputs => _inputs.Values;

    /// <summary>Declares a graph input: data, a parameter, or anything else given at every run.</summary>
    /// <param name="name">Name, unique.</param>
    /// <param name="dims">Shape.</param>
    public TapeValue Input(string name, params int[] dims)
    {
        TapeValue value = new(name, dims);
        _inputs.Add(name, value);
        _writer.Input(name, DataType.Float, Longs(dims));
        return value;
    }

    /// <summary>A constant.</summary>
    public TapeValue Constant(float[] values, params int[] dims)
    {
        TapeValue value = new(NextName("constant"), dims);
        if (value.Count != values.Length)
        {
            throw new ArgumentException($"{values.Length} values do not fill [{string.Join(", ", dims)}].", nameof(values));
        }

        _writer.Floats(value.Name, values, Longs(dims));
        return value;
    }

    /// <summary>A constant without dimensions.</summary>
    public TapeValue Scalar(double value) => Constant([(float)value]);

    /// <summary>
    /// Appends the backward pass of a scalar.
    /// </summary>
    /// <param name="of">The scalar, usually a loss.</param>
    /// <param name="sources">What to differentiate with respect to.</param>
    /// <returns>The gradients, in the order of <paramref name="sources"/>; zeros where the scalar does not depend on one.</returns>
    public IReadOnlyList<TapeValue> Gradients(TapeValue of, params IReadOnlyList<TapeValue> sources)
    {
        if (of.Count != 1)
        {
            throw new ArgumentException($"Only a scalar has a gradient, and {of} is none.", nameof(of));
        }

        HashSet<string> dependent = [.. sources.Select(source => source.Name)];
        Entry[] path = [.. _entries.Where(entry => entry.Inputs.Any(input => dependent.Contains(input.Value.Name)) && dependent.Add(entry.Output.Name))];
        Dictionary<string, List<TapeValue>> parts = new(StringComparer.Ordinal)
        {
            [of.Name] = [Constant([1f], [.. of.Dims])],
        };
        foreach (Entry entry in path.Reverse())
        {
            if (!parts.TryGetValue(entry.Output.Name, out List<TapeValue>? gradients))
            {
                continue; // the scalar does not depend on it
            }

            TapeValue gradient = Total(gradients);
            parts[entry.Output.Name] = [gradient];
            foreach ((TapeValue input, Pullback? pullback) in entry.Inputs)
            {
                if (pullback is not null && dependent.Contains(input.Name))
                {
                    TapeValue part = pullback(gradient);
                    if (!part.Dims.SequenceEqual(input.Dims))
                    {
                        throw new InvalidOperationException($"The gradient {part} does not have the shape of {input}.");
                    }

                    (parts.TryGetValue(input.Name, out List<TapeValue>? list) ? list : parts[input.Name] = []).Add(part);
                }
            }
        }

        return [.. sources.Select(source => parts.TryGetValue(source.Name, out List<TapeValue>? list) ? Total(list) : Constant(new float[source.Count], [.. source.Dims]))];
    }

    /// <summary>Serializes the graph.</summary>
    /// <param name="outputs">Values to return.</param>
    public byte[] ToOnnx(params IEnumerable<TapeValue> outputs)
    {
        foreach (TapeValue output in outputs.DistinctBy(output => output.Name))
        {
            _writer.Output(output.Name, DataType.Float, Longs(output.Dims));
        }

        return _writer.ToBytes(FloatGraphExporter.Opset, "hawq");
    }

    /// <summary>Appends an ONNX node, which no gradient passes through unless it is <see cref="Record"/>ed.</summary>
    internal TapeValue Emit(string op, IReadOnlyList<int> dims, IEnumerable<TapeValue> inputs, params AttributeProto[] attributes)
    {
        TapeValue output = new(NextName(op), dims);
        _writer.Node(op, output.Name, inputs.Select(input => input.Name), attributes);
        return output;
    }

    /// <summary>The same with several outputs.</summary>
    internal TapeValue[] EmitMany(string op, IReadOnlyList<int>[] dims, IEnumerable<TapeValue> inputs, params AttributeProto[] attributes)
    {
        TapeValue[] outputs = [.. dims.Select(d => new TapeValue(NextName(op), d))];
        _writer.Node(op, outputs.Select(output => output.Name), inputs.Select(input => input.Name), attributes);
        return outputs;
    }

    /// <summary>Remembers how gradients pass through nodes already emitted. A null pullback lets none through.</summary>
    internal TapeValue Record(TapeValue output, params (TapeValue Value, Pullback? Pullback)[] inputs)
    {
        _entries.Add(new Entry(output, inputs));
        return output;
    }

    /// <summary>A constant of 64-bit integers: shapes, pads, axes.</summary>
    internal TapeValue Integers(params IEnumerable<long> values)
    {
        long[] array = [.. values];
        string name = NextName("integers");
        _writer.Longs(name, array);
        return new TapeValue(name, [array.Length]);
    }

    /// <summary>An input that a node leaves out.</summary>
    internal static TapeValue None { get; } = new("", [0]);

    private TapeValue Total(List<TapeValue> parts) => parts.Count == 1 ? parts[0] : Emit("Sum", parts[0].Dims, parts);

    private string NextName(string op) => $"{op}#{_next++}";

    private static long[] Longs(IReadOnlyList<int> dims) => [.. dims.Select(d => (long)d)];

    private sealed record Entry(TapeValue Output, IReadOnlyList<(TapeValue Value, Pullback? Pullback)> Inputs);
}

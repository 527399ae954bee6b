using Hawq.Quantization.Engine;
using Microsoft.ML.OnnxRuntime;

namespace Hawq.Training.Gradients;

/// <summary>A finished <see cref="Tape"/> in ONNX Runtime. One thread per run; safe to run from several threads, so that parts of a batch can run side by
/// side and a result does not depend on the number of threads.</summary>
public sealed class TapeSession : IDisposable
{
    private static readonly RunOptions s_run = new();

    private readonly InferenceSession _session;
    private readonly TapeValue[] _inputs;
    private readonly string[] _outputs;

    /// <summary>Compiles the graph.</summary>
    /// <param name="tape">The tape; nothing may be added to it afterwards.</param>
    /// <param name="outputs">Values to return.</param>
    public TapeSession(Tape tape, params IReadOnlyList<TapeValue> outputs)
    {
        _session = OneThreadSession.Open(tape.ToOnnx(outputs));
        _inputs = [.. tape.Inputs];
        _outputs = [.. outputs.Select(output => output.Name)];
    }

    /// <summary>Runs the graph.</summary>
    /// <param name="values">Value of every input, by name; of the input's size.</param>
    /// <returns>The outputs, in the order given to the constructor.</returns>
    public float[][] Run(Func<string, float[]> values)
    {
        OrtValue[] inputs = [.. _inputs.Select(input => OrtValue.CreateTensorValueFromMemory(values(input.Name), [.. input.Dims.Select(d => (long)d)]))];
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(s_run, [.. _inputs.Select(input => input.Name)], inputs, _outputs);
            return [.. results.Select(result => result.GetTensorDataAsSpan<float>().ToArray())];
        }
        finally
        {
            Array.ForEach(inputs, input => input.Dispose());
        }
    }

    /// <inheritdoc cref="Run(Func{string, float[]})"/>
    public float[][] Run(IReadOnlyDictionary<string, float[]> values) => Run(name => values[name]);

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}

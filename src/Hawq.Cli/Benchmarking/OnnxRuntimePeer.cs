using Hawq.Model;
using Microsoft.ML.OnnxRuntime;

namespace Hawq.Cli.Benchmarking;

/// <summary>ONNX Runtime with everything on its side: all graph optimizations, inputs and outputs bound once.</summary>
internal sealed class OnnxRuntimePeer : IDisposable
{
    private readonly SessionOptions _options = new();
    private readonly RunOptions _run = new();
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly List<OrtValue> _values = [];

    /// <summary>Loads a model.</summary>
    /// <param name="model">The .onnx file's bytes.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <param name="threads">Threads within an operator.</param>
    /// <exception cref="HawqException">ONNX Runtime refuses it.</exception>
    public OnnxRuntimePeer(byte[] model, string name, int threads)
    {
        _options.IntraOpNumThreads = threads;
        _options.InterOpNumThreads = 1;
        _options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL;
        _options.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR;
        try
        {
            _session = new InferenceSession(model, _options);
        }
        catch (OnnxRuntimeException exception)
        {
            throw new HawqException(HawqIds.OnnxFile, $"ONNX Runtime refuses the model: {exception.Message.ReplaceLineEndings(" ")}", name, innerException: exception);
        }

        _binding = _session.CreateIoBinding();
        foreach ((string input, NodeMetadata metadata) in _session.InputMetadata)
        {
            _binding.BindInput(input, Allocate(metadata));
        }

        foreach ((string output, NodeMetadata metadata) in _session.OutputMetadata)
        {
            _binding.BindOutput(output, Allocate(metadata));
        }
    }

    /// <summary>One inference. The bound input is all zeros: timing does not depend on values.</summary>
    public void Infer() => _session.RunWithBinding(_run, _binding);

    /// <inheritdoc/>
    public void Dispose()
    {
        _binding.Dispose();
        _values.ForEach(v => v.Dispose());
        _session.Dispose();
        _run.Dispose();
        _options.Dispose();
    }

    private OrtValue Allocate(NodeMetadata metadata)
    {
        // A symbolic dimension is the batch.
        long[] shape = [.. metadata.Dimensions.Select(d => (long)Math.Max(d, 1))];
        OrtValue value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, metadata.ElementDataType, shape);
        value.GetTensorMutableRawData().Clear();
        _values.Add(value);
        return value;
    }
}

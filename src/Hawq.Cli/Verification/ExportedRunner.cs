using Hawq.Model;
using Hawq.Onnx;
using Hawq.Onnx.Export;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
using Microsoft.ML.OnnxRuntime;

namespace Hawq.Cli.Verification;

/// <summary>ONNX Runtime on the QDQ export of a network: an implementation of the same network that shares no code with this project.</summary>
internal sealed class ExportedRunner : IDisposable
{
    private readonly Network _network;
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();

    /// <summary>Exports and loads the network.</summary>
    /// <exception cref="HawqException">A layer has no ONNX counterpart.</exception>
    public ExportedRunner(Network network, NetworkWeights weights)
    {
        _network = network;
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        _session = new InferenceSession(QdqExporter.Export(network, weights, new ExportOptions()), options);
    }

    /// <summary>Real logits of one input of a data set, row by row with channels innermost. The input starts on the network's own grid, so that nothing before the first layer differs.</summary>
    public float[] Logits(IDataSet data, int index)
    {
        Tensor input = _network.Tensor(_network.Input.Tensor);
        Shape shape = input.Shape;
        int[] codes = NetworkEvaluation.Codes(data, _network, index, 1).Data;
        float[] values = new float[codes.Length];
        for (int i = 0; i < codes.Length; i++)
        {
            values[(i % shape.Channels * shape.Height * shape.Width) + (i / shape.Channels)] = input.Scale * (codes[i] - input.ZeroPoint);
        }

        using OrtValue value = OrtValue.CreateTensorValueFromMemory(values, [1, shape.Channels, shape.Height, shape.Width]);
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_run, _session.InputNames, [value], _session.OutputNames);
        ReadOnlySpan<float> logits = outputs[0].GetTensorDataAsSpan<float>();
        Shape output = _network.Tensor(_network.Outputs[0]).Shape;
        float[] result = new float[logits.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = logits[(i % output.Channels * output.Height * output.Width) + (i / output.Channels)];
        }

        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _run.Dispose();
    }
}

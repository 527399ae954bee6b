using Hawq.Onnx.Schema;
using Microsoft.ML.OnnxRuntime;

namespace Hawq.Testing.Onnx;

/// <summary>Runs models in ONNX Runtime, the independent oracle.</summary>
public static class OnnxRunner
{
    /// <summary>Runs a model on one float input; returns its outputs in order.</summary>
    public static IReadOnlyList<float[]> Run(byte[] model, float[] input, params long[] dims)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL };
        options.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR;
        using InferenceSession session = new(model, options);
        using OrtValue value = OrtValue.CreateTensorValueFromMemory(input, dims);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, session.InputNames, [value], session.OutputNames);
        return [.. outputs.Select(output => output.GetTensorDataAsSpan<float>().ToArray())];
    }

    /// <summary>Operator types, one for each node, after all of ONNX Runtime's optimizations: what it really runs.</summary>
    public static IReadOnlyList<string> OptimizedOperators(byte[] model)
    {
        string path = Path.GetTempFileName();
        try
        {
            using SessionOptions options = new() { OptimizedModelFilePath = path, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
            using InferenceSession session = new(model, options);
            return [.. ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).Graph.Node.Select(node => node.OpType)];
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Reproducible numbers in [-1, 1].</summary>
    public static float[] Noise(int length, int seed = 7)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() * 2) - 1)];
    }
}

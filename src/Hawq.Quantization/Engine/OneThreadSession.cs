using Microsoft.ML.OnnxRuntime;

namespace Hawq.Quantization.Engine;

/// <summary>ONNX Runtime on one thread: several runs go side by side instead, and a result does not depend on the number of threads.</summary>
public static class OneThreadSession
{
    /// <summary>Opens a model.</summary>
    /// <param name="model">Bytes of the ONNX file.</param>
    public static InferenceSession Open(byte[] model)
    {
        using SessionOptions options = new()
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        return new InferenceSession(model, options);
    }
}

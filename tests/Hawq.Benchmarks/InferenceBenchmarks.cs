using BenchmarkDotNet.Attributes;
using Hawq.Compilation;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Onnx.Export;
using Hawq.Testing;
using Microsoft.ML.OnnxRuntime;

namespace Hawq.Benchmarks;

/// <summary>One inference of a seeded network, batch 1, one thread: the generated code beside ONNX Runtime on the exported INT8 network.</summary>
[MemoryDiagnoser]
public class InferenceBenchmarks
{
    private CompiledNetwork _compiled = null!;
    private byte[] _pixels = [];
    private int[] _logits = [];
    private InferenceSession _session = null!;
    private OrtIoBinding _binding = null!;
    private RunOptions _run = null!;

    /// <summary>Bits of weights of all layers but the first.</summary>
    [Params(8, 4)]
    public int WeightBits { get; set; }

    /// <summary>Rows and columns of the input: 32 is ResNet-20 for CIFAR-10, 112 the same network on larger maps.</summary>
    [Params(32, 112)]
    public int Size { get; set; }

    /// <summary>Builds both sides.</summary>
    [GlobalSetup]
    public void Setup()
    {
        NetworkBuilder builder = new("resnet20", 7);
        builder.Input(Size, Size, 3, pixels: true);
        string residual = builder.Conv(builder.InputName, 16, 3, activation: Activation.Residual);
        string input = builder.Requantize(residual, Activation.U7);
        for (int block = 0; block < 9; block++)
        {
            (residual, input) = builder.BasicBlock(residual, input, 16 << (block / 3), block is 3 or 6 ? 2 : 1, WeightBits);
        }

        (Network network, NetworkWeights weights) = builder.Build(builder.Gemm(builder.GlobalAveragePool(residual), 10));
        _compiled = CompiledNetwork.Compile(network, weights);
        _pixels = new byte[Size * Size * 3];
        _logits = new int[10];

        using SessionOptions options = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        _session = new InferenceSession(QdqExporter.Export(network, weights, new ExportOptions(ExportGrid.Int8Twin, ExportInput.Codes)), options);
        _run = new RunOptions();
        _binding = _session.CreateIoBinding();
        Bind(_session.InputMetadata, _binding.BindInput);
        Bind(_session.OutputMetadata, _binding.BindOutput);
    }

    /// <summary>Ends both.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _compiled.Dispose();
        _binding.Dispose();
        _run.Dispose();
        _session.Dispose();
    }

    /// <summary>The generated code.</summary>
    [Benchmark(Baseline = true)]
    public void Hawq() => _compiled.Infer(_pixels, _logits);

    /// <summary>ONNX Runtime.</summary>
    [Benchmark]
    public void OnnxRuntime() => _session.RunWithBinding(_run, _binding);

    private static void Bind(IReadOnlyDictionary<string, NodeMetadata> metadata, Action<string, OrtValue> bind)
    {
        foreach ((string name, NodeMetadata data) in metadata)
        {
            bind(name, OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, data.ElementDataType, [.. data.Dimensions.Select(d => (long)Math.Max(d, 1))]));
        }
    }
}

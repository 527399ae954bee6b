using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Engine;
using Hawq.Reference;
using Hawq.Testing.Onnx;

namespace Hawq.Quantization.Tests.Imported;

/// <summary>A model that came quantized, in ONNX Runtime and as our integers.</summary>
internal sealed class ImportedModel
{
    private readonly byte[] _bytes;

    public ImportedModel(byte[] bytes)
    {
        _bytes = bytes;
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, bytes);
            Graph = OnnxImporter.Load(path);
        }
        finally
        {
            File.Delete(path);
        }

        Quantized = Quantizer.Import(Graph, "weights.bin");
    }

    public FloatGraph Graph { get; }

    public QuantizedModel Quantized { get; }

    public Network Network => Quantized.Network;

    /// <summary>Steps by which the two differ, for every element of the first output, on one input.</summary>
    public int[] Differences(float[] input, params long[] dims)
    {
        float[] expected = OnnxRunner.Run(_bytes, input, dims)[0];
        Tensor codesOf = Network.Tensor(Network.Input.Tensor), output = Network.Tensor(Network.Outputs[0]);
        int[] codes = new int[input.Length];
        NetworkRunner.Encode(codesOf, Order.ChannelsLast(input, codesOf.Shape), codes);
        int[] actual = new Interpreter(Network, new NetworkWeights(Quantized.Sidecar)).RunCodes(codes)[output.Name];
        float[] real = Order.RealChannelsFirst(output, actual);
        return expected.Length == real.Length
            ? [.. expected.Zip(real, (a, b) => (int)Math.Round((b - a) / output.Scale))]
            : throw new InvalidOperationException($"{expected.Length} numbers against {real.Length}.");
    }
}

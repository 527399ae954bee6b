using Hawq.Fuzz.Mutations;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Onnx.Export;
using Hawq.Quantization;
using Hawq.Testing;
using Hawq.Testing.Onnx;
using Hawq.Testing.Onnx.Networks;

namespace Hawq.Fuzz.Targets;

/// <summary>
/// An ONNX model: one through most operators, some that come quantized, and small versions of real networks. It is imported or refused, and one that is quantized
/// becomes a network or is refused.
/// </summary>
internal sealed class OnnxTarget : FuzzTarget
{
    private static readonly byte[][] s_seeds =
    [
        OperatorTour.Create().ToBytes(), OperatorTour.Create().ToBytes(), OperatorTour.Create().ToBytes(), Quantized().ToBytes(),
        .. new[] { "lookupPerChannel", "spread", "concat" }.Select(Exported),
        .. NetworkZoo.All(divisor: 32, size: 32).Where(network => network.Name is "shufflenetv2" or "mobilenetv3-small-opset11" or "squeezenet1.1").Select(network => network.Build().ToBytes()),
    ];

    /// <inheritdoc/>
    public override string Name => "onnx";

    /// <inheritdoc/>
    public override int TestCases => 6_000; // operators times attributes: many ways to be wrong

    /// <inheritdoc/>
    public override byte[] Mutant(Random random)
    {
        byte[] seed = s_seeds[random.Next(s_seeds.Length)];
        return random.Next(3) == 0 ? ByteMutator.Mutate(seed, random) : OnnxMutator.Mutate(seed, random);
    }

    /// <inheritdoc/>
    public override bool Accepts(byte[] input)
    {
        try
        {
            FloatGraph graph = OnnxImporter.Load(input, "mutant.onnx");
            if (Quantizer.IsQuantized(graph))
            {
                Quantizer.Import(graph, "mutant.hawq.bin");
            }

            return true;
        }
        catch (HawqException)
        {
            return false;
        }
    }

    private static byte[] Exported(string op)
    {
        (Network network, NetworkWeights weights) = OperatorNetworks.Create(op, 2);
        return QdqExporter.Export(network, weights, new ExportOptions());
    }

    private static OnnxModelBuilder Quantized()
    {
        OnnxModelBuilder model = new();
        string x = model.OnGrid(model.Input("x", null, 3, 8, 8), 0.02f, 128);
        string weights = model.Dequantize(model.Codes(4, 3, 3, 3), model.Steps(4, 0.01f), model.Zeros(4), ("axis", 0));
        string conv = model.OnGrid(model.Node("Relu", [model.Node("Conv", [x, weights], ("pads", new long[] { 1, 1, 1, 1 }))]), 0.03f, 0);
        string sum = model.OnGrid(model.Node("Add", [conv, conv]), 0.05f, 0);
        string pooled = model.OnGrid(model.Node("GlobalAveragePool", [sum]), 0.05f, 0);
        string flat = model.Node("Flatten", [pooled], ("axis", 1));
        string matrix = model.Dequantize(model.Codes(4, 5), model.Steps(5, 0.01f), model.Zeros(5), ("axis", 1));
        return model.Output(model.OnGrid(model.Node("MatMul", [flat, matrix]), 0.1f, 128));
    }
}

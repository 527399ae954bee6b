using CsCheck;
using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Quantization.Tests.Imported;

/// <summary>Random quantized networks: layer after layer, each with a grid of its own.</summary>
public sealed class RandomImportedTests
{
    [Fact]
    public void A_chain_of_random_layers_stays_within_a_step_of_ONNX_Runtime_per_layer() =>
        Gen.Select(Gen.Int[0, 4].Array[1, 4], Gen.Int[0, 255], Gen.Int[1, 1000]).Sample(
            (kinds, zeroPoint, seed) =>
            {
                // One layer behind the random ones is compared at a time: a difference of one step would spread otherwise.
                foreach (int kind in kinds)
                {
                    OnnxModelBuilder model = new(seed, opset: 17);
                    string x = model.OnGrid(model.Input("x", null, 4, 7, 5), 0.0137f, zeroPoint);
                    ImportedModel imported = new(model.Output(model.OnGrid(Layer(model, x, kind), 0.0291f, 255 - zeroPoint)).ToBytes());
                    int[] differences = imported.Differences(OnnxRunner.Noise(4 * 7 * 5, seed), 1, 4, 7, 5);
                    Assert.All(differences, difference => Assert.InRange(difference, -1, 1));
                }
            },
            iter: 40, seed: "0000KOIgL8B3");

    private static string Layer(OnnxModelBuilder model, string x, int kind) => kind switch
    {
        0 => Conv(model, x, 3, ("pads", new long[] { 1, 1, 1, 1 })),
        1 => model.Node("Clip", [Conv(model, x, 1, ("strides", new long[] { 2, 2 })), model.Number(-0.4f), model.Number(0.7f)]),
        2 => model.Node("Add", [x, model.OnGrid(Conv(model, x, 1), 0.0311f, 77)]),
        3 => model.Node("AveragePool", [x], ("kernel_shape", new long[] { 3, 2 }), ("pads", new long[] { 1, 0, 1, 0 })),
        _ => model.Node("MaxPool", [model.Node("Relu", [Conv(model, x, 1)])], ("kernel_shape", new long[] { 2, 2 })),
    };

    private static string Conv(OnnxModelBuilder model, string x, int size, params (string, object)[] attributes) =>
        model.Node("Conv", [x, model.Dequantize(model.Codes(4, 4, size, size), model.Steps(4, 0.0037f), model.Zeros(4), ("axis", 0))], attributes);
}

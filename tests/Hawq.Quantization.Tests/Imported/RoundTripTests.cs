using Hawq.Model;
using Hawq.Onnx;
using Hawq.Onnx.Export;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;

namespace Hawq.Quantization.Tests.Imported;

/// <summary>What hawq export writes comes back: every layer kind, with the same codes for the same input.</summary>
public sealed class RoundTripTests
{
    public static TheoryData<string> Operators => [.. OperatorNetworks.Operators];

    [Theory]
    [MemberData(nameof(Operators))]
    public void An_exported_layer_comes_back_with_the_same_codes(string op)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            (Network network, NetworkWeights weights) = OperatorNetworks.Create(op, seed);
            Check(network, weights, seed);
        }
    }

    [Fact]
    public void Random_exported_networks_come_back_with_the_same_codes()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            (Network network, NetworkWeights weights) = RandomNetworks.Create(seed);
            Check(network, weights, seed);
        }
    }

    private static void Check(Network network, NetworkWeights weights, int seed)
    {
        ImportedModel back = new(QdqExporter.Export(network, weights, new ExportOptions()));
        Tensor input = network.Tensor(network.Input.Tensor), backInput = back.Network.Tensor(back.Network.Input.Tensor);
        int[] codes = TestInputs.Codes(input, seed);
        IReadOnlyDictionary<string, int[]> expected = new Interpreter(network, weights).RunCodes(codes);
        IReadOnlyDictionary<string, int[]> actual = new Interpreter(back.Network, new NetworkWeights(back.Quantized.Sidecar))
            .RunCodes([.. codes.Select(code => code - input.ZeroPoint + backInput.ZeroPoint)]); // signed bytes are written as unsigned ones
        Assert.Equal(network.Outputs.Count, back.Network.Outputs.Count);
        foreach ((string ours, string theirs) in network.Outputs.Zip(back.Network.Outputs))
        {
            Tensor before = network.Tensor(ours), after = back.Network.Tensor(theirs);
            Assert.Equal((before.Scale, before.Shape), (after.Scale, after.Shape));
            Assert.True(
                expected[ours].Select(code => code - before.ZeroPoint).SequenceEqual(actual[theirs].Select(code => code - after.ZeroPoint)),
                $"{network.Name}: '{ours}' differs");
        }
    }
}

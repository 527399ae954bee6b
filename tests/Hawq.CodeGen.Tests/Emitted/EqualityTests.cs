using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.CodeGen.Tests.Emitted;

/// <summary>Generated code equals the reference interpreter.</summary>
[Trait("Category", "Tiers")] // .ci/run runs these once per instruction-set tier
public sealed class EqualityTests
{
    [Fact]
    public void Random_networks_equal_the_reference()
    {
        for (int seed = 0; seed < 30; seed++)
        {
            (Network network, NetworkWeights weights) = RandomNetworks.Create(seed);
            try
            {
                Equality.Check(network, weights, checkOverflow: seed % 2 == 1);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }
        }
    }

    [Fact]
    public void A_residual_network_equals_the_reference()
    {
        (Network network, NetworkWeights weights) = Networks.Residual();
        Equality.Check(network, weights);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    [InlineData(16, 5)]
    [InlineData(17, 3)]
    [InlineData(40, 4)]
    public void Additions_and_requantizations_that_stand_alone_equal_the_reference(int channels, int width)
    {
        NetworkBuilder b = new("elementwise", channels);
        b.Input(3, width, 4);
        string wide = b.Conv(b.InputName, channels, 1, activation: Activation.Branch);
        string residual = b.Conv(b.InputName, channels, 1, activation: Activation.Residual);
        string bytes = b.Conv(b.InputName, channels, 1, activation: Activation.S8);
        string sum = b.Add(wide, residual);
        string again = b.Add(b.Add(sum, bytes), sum);
        string padded = b.Conv(b.Requantize(again, Activation.U7), channels, 3);
        string moved = b.Requantize(b.Slice(again), Activation.S4);
        (Network network, NetworkWeights weights) = b.Build(padded, moved, sum);
        Equality.Check(network, weights);
    }
}

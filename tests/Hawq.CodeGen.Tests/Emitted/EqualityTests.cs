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
}

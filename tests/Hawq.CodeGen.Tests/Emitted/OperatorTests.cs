using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.CodeGen.Tests.Emitted;

/// <summary>Generated code of every operator without weights equals the reference interpreter.</summary>
public sealed class OperatorTests
{
    public static TheoryData<string> Operators => [.. OperatorNetworks.Operators];

    [Theory]
    [MemberData(nameof(Operators))]
    public void Equals_the_reference(string op)
    {
        for (int seed = 0; seed < 4; seed++)
        {
            (Network network, NetworkWeights weights) = OperatorNetworks.Create(op, seed);
            Assert.Empty(NetworkValidator.Check(network));
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
}

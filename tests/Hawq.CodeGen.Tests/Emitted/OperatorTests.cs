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

    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(40)]
    public void Pools_of_many_channels_run_on_vectors_and_equal_the_reference(int channels)
    {
        NetworkBuilder b = new("pools", channels);
        b.Input(7, 6, 4);
        string bytes = b.Conv(b.InputName, channels, 1, activation: Activation.S8);
        string shorts = b.Conv(b.InputName, channels, 1, activation: Activation.Residual);
        Size2 window = new(3, 3);
        Padding padding = new(1, 1, 1, 1);
        string[] outputs =
        [
            b.MaxPool(bytes, window, new Size2(2, 2), padding),
            b.MaxPool(shorts, window, new Size2(2, 2), padding),
            b.Conv(b.AveragePool(bytes, window, new Size2(1, 1), padding, activation: Activation.U7), 5, 1),
        ];
        (Network network, NetworkWeights weights) = b.Build(outputs);
        Equality.Check(network, weights);
    }
}

using Hawq.Testing;
using Xunit;

namespace Hawq.Model.Tests;

public class NetworkBuilderTests
{
    [Fact]
    public void The_same_seed_gives_the_same_network_and_weights()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            (Network first, NetworkWeights weights) = RandomNetworks.Create(seed);
            (Network second, NetworkWeights again) = RandomNetworks.Create(seed);
            Assert.Equal(first, second);
            Assert.Equal(weights.Sidecar, again.Sidecar);
        }
    }

    [Fact]
    public void A_residual_block_keeps_the_branch_unclamped_and_the_identity_on_16_bits()
    {
        NetworkBuilder b = new NetworkBuilder("block", 1).Input(8, 8, 3, pixels: true);
        string stem = b.Conv(b.InputName, 16, 3, activation: Activation.Residual);
        (string residual, string input) = b.BasicBlock(stem, b.Requantize(stem, Activation.U7), 32, stride: 2);
        (Network network, _) = b.Build(input);

        AddLayer add = network.Layers.OfType<AddLayer>().Single();
        Assert.Equal((32, ElementType.Int32), (network.Tensor(add.A).Bits, network.Tensor(add.A).Element));
        Assert.Equal((ElementType.Int16, new Shape(4, 4, 32)), (network.Tensor(add.B).Element, network.Tensor(add.B).Shape));
        Assert.Equal((0, 32767), (network.Tensor(residual).Lo, network.Tensor(residual).Hi));
    }
}

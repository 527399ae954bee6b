using Cifar10;
using Hawq.Model;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;

namespace Hawq.Gpu.Tests;

/// <summary>ResNet-20 whole: the network of samples/Cifar10 on a real image, every tensor, every code.</summary>
public sealed class Resnet20Tests
{
    [Fact]
    public void The_samples_network_on_a_real_image_equals_the_reference()
    {
        string folder = Path.Combine(Checkout.Root, "samples", "Cifar10");
        LoadedNetwork loaded = ManifestFile.Load(Path.Combine(folder, "resnet20-cifar10.hawq.json"));
        Cifar10File images = Cifar10File.Read(Path.Combine(folder, "data", "test_batch_200.bin"));
        byte[] pixels = new byte[3072];
        images.CopyPixels(0, pixels);
        AssertEqual(loaded.Network, loaded.Weights, pixels);
    }

    /// <summary>Nibbles: mma.m8n8k32 in every layer but the first and the last.</summary>
    [Fact]
    public void With_4_bits_equals_the_reference()
    {
        (Network network, NetworkWeights weights) = TypicalNetworks.ResNet20(4, Activation.U4);
        AssertEqual(network, weights, TestInputs.Pixels(network, 1));
    }

    private static void AssertEqual(Network network, NetworkWeights weights, byte[] pixels)
    {
        IReadOnlyDictionary<string, int[]> expected = new Interpreter(network, weights).Run(pixels);
        foreach ((string name, int[] codes) in new EmulatedNetwork(network, weights).Run(pixels))
        {
            Cases.AssertEqual(name, expected[name], codes);
        }
    }
}

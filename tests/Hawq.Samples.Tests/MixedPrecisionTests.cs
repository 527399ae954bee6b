using System.Globalization;
using System.Text.RegularExpressions;
using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.Samples.Tests;

/// <summary>samples/MixedPrecision: quantized, reported and compiled by its build.</summary>
public sealed class MixedPrecisionTests
{
    private static string Folder => Path.Combine(Checkout.Root, "samples", "MixedPrecision", "artifacts");

    [Fact]
    public void The_build_makes_a_network_of_mixed_bits_and_its_card()
    {
        Network network = ManifestFile.Load(Path.Combine(Folder, "resnet8.hawq.json")).Network;
        string card = File.ReadAllText(Path.Combine(Folder, "card.html"));

        Assert.Equal([4, 8], network.Layers.OfType<LinearLayer>().Select(layer => layer.Weights.Bits).Distinct().Order());
        Assert.Contains("<title>Quantization card: resnet8", card, StringComparison.Ordinal);
        Assert.All(network.Layers.OfType<LinearLayer>(), layer => Assert.Contains(layer.Name, card, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_program_recognizes_images_that_did_not_calibrate_it()
    {
        using RunningProgram program = SamplePrograms.Start("MixedPrecision");
        Match top1 = await program.Says(@"top-1 +(\d+) of 100 images");

        // The float network recognizes 88.1 % of the first 1,000 test images; three standard errors of 100 images are 10.
        Assert.InRange(int.Parse(top1.Groups[1].Value, CultureInfo.InvariantCulture), 78, 100);
    }
}

using System.Globalization;
using System.Text;
using CsCheck;
using Hawq.Testing;
using Xunit;

namespace Hawq.Model.Tests;

public class ManifestRoundTripTests
{
    [Fact]
    public void Reading_returns_the_network_that_was_written()
    {
        for (int seed = 0; seed < 120; seed++)
        {
            (Network network, _) = RandomNetworks.Create(seed);
            ManifestReadResult result = ManifestReader.Read(ManifestWriter.Write(network), "n.hawq.json");
            Assert.Empty(result.Diagnostics);
            Assert.Equal(network, result.Network);
        }
    }

    [Fact]
    public void Writing_what_was_read_returns_the_same_text()
    {
        string text = ManifestWriter.Write(RandomNetworks.Create(3).Network);
        Assert.Equal(text, ManifestWriter.Write(ManifestReader.Read(text, "n").Network!));
    }

    [Fact]
    public void The_text_does_not_depend_on_the_culture()
    {
        Network network = RandomNetworks.Create(3).Network;
        string expected = ManifestWriter.Write(network);
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "~" } };
            Assert.Equal(expected, ManifestWriter.Write(network));
            Assert.Equal(network, ManifestReader.Read(expected, "n").Network);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Lines_are_short_and_end_in_LF()
    {
        string text = ManifestWriter.Write(RandomNetworks.Create(3).Network);
        Assert.DoesNotContain('\r', text);
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 140));
    }

    [Fact]
    public void Floats_are_written_with_the_fewest_digits_that_read_back() => Gen.Int[0, 0x7F7F_FFFF].Sample(bits =>
    {
        float value = BitConverter.Int32BitsToSingle(bits);
        string text = FloatText.Write(value);
        return FloatText.TryParse(text, out float back) && BitConverter.SingleToInt32Bits(back) == bits && text.Length <= 15;
    });

    [Fact]
    public void Quotes_backslashes_and_other_alphabets_survive()
    {
        NetworkBuilder b = new NetworkBuilder("names", 1).Input(1, 1, 2);
        (Network network, _) = b.Build(b.Requantize(b.InputName, Activation.U8));
        network = network with { Labels = EquatableArray.Of("a \"b\" \\c", "Zürich 猫 🐈") };
        Assert.Equal(network, ManifestReader.Read(ManifestWriter.Write(network), "n").Network);
    }

    [Fact]
    public void A_network_of_the_size_of_resnet20_takes_less_than_400_kilobytes()
    {
        (Network network, NetworkWeights weights) = TypicalNetworks.ResNet20();
        int text = Encoding.UTF8.GetByteCount(ManifestWriter.Write(network));
        Assert.InRange(weights.Sidecar.Length + text, 272_000, 400_000);
    }

    [Fact]
    public void An_inconsistent_network_is_not_written()
    {
        Network network = RandomNetworks.Create(3).Network;
        HawqException error = Assert.Throws<HawqException>(() => ManifestWriter.Write(network with { Outputs = EquatableArray.Of("nobody") }));
        Assert.Equal(HawqIds.ManifestGraph, error.Id);
        Assert.Throws<HawqException>(() => ManifestWriter.Write(network with { Provenance = network.Provenance with { Tool = "two\nlines" } }));
    }
}

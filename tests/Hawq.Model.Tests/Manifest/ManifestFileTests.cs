using Hawq.Testing;
using Xunit;

namespace Hawq.Model.Tests;

public sealed class ManifestFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hawq-manifest").FullName;
    private readonly Network _network;
    private readonly NetworkWeights _weights;

    public ManifestFileTests()
    {
        NetworkBuilder b = new NetworkBuilder("net", 1).Input(4, 4, 3);
        (_network, _weights) = b.Build(b.Conv(b.InputName, 4, 3));
    }

    private string Manifest => Path.Combine(_folder, "net.hawq.json");

    private string Sidecar => Path.Combine(_folder, "net.hawq.bin");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_was_saved_is_loaded()
    {
        Save();
        Save(); // over the first
        LoadedNetwork loaded = ManifestFile.Load(Manifest);
        Assert.Equal(_network, loaded.Network);
        Assert.Equal(_weights.Sidecar, loaded.Weights.Sidecar);
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public void A_missing_sidecar_is_refused()
    {
        Save();
        File.Delete(Sidecar);
        Refused(HawqIds.ManifestSidecar, "missing");
    }

    [Fact]
    public void A_sidecar_of_another_length_is_refused()
    {
        Save();
        File.AppendAllText(Sidecar, "x");
        Refused(HawqIds.ManifestSidecar, "bytes");
    }

    [Fact]
    public void A_changed_sidecar_is_refused()
    {
        Save();
        byte[] bytes = File.ReadAllBytes(Sidecar);
        bytes[5] ^= 1;
        File.WriteAllBytes(Sidecar, bytes);
        Refused(HawqIds.ManifestSidecar, "SHA-256");
    }

    [Fact]
    public void Facts_that_are_not_those_of_the_weights_are_refused()
    {
        ConvLayer conv = (ConvLayer)_network.Layers[0];
        WeightFacts facts = conv.Facts with { AccumulatorHi = conv.Facts.AccumulatorHi - 1 };
        ManifestFile.Save(Manifest, _network with { Layers = EquatableArray.Of<Layer>(conv with { Facts = facts }) }, _weights.Sidecar);
        Refused(HawqIds.ManifestSidecar, "facts");
    }

    [Fact]
    public void Tables_in_the_sidecar_are_loaded_and_refused_where_they_are_not_those_of_the_manifest()
    {
        NetworkBuilder b = new NetworkBuilder("net", 1) { TablesAbove = 0 }.Input(4, 4, 3);
        (Network network, NetworkWeights weights) = b.Build(b.Conv(b.InputName, 4, 3));
        ConvLayer conv = (ConvLayer)network.Layers[0];
        Assert.Equal(128, conv.Weights.Tables);
        ManifestFile.Save(Manifest, network, weights.Sidecar);
        Assert.Equal(network, ManifestFile.Load(Manifest).Network);

        int[] bias = [.. conv.Bias];
        bias[2]++;
        conv = conv with { Bias = bias };
        ManifestFile.Save(Manifest, network with { Layers = EquatableArray.Of<Layer>(conv) }, weights.Sidecar);
        Refused(HawqIds.ManifestSidecar, "bias, multiplier and shift");
    }

    [Theory]
    [InlineData(65, "multiple of 64")]
    [InlineData(64, "overlap")]
    [InlineData(192, "beyond")]
    public void Tables_outside_their_place_are_refused(long offset, string part)
    {
        NetworkBuilder b = new NetworkBuilder("net", 1) { TablesAbove = 0 }.Input(4, 4, 3);
        (Network network, _) = b.Build(b.Conv(b.InputName, 4, 3));
        ConvLayer conv = (ConvLayer)network.Layers[0];
        string text = ManifestWriter.Write(network).Replace($"\"tables\": {conv.Weights.Tables}", $"\"tables\": {offset}", StringComparison.Ordinal);
        ManifestDiagnostic error = Assert.Single(ManifestReader.Read(text, Manifest).Diagnostics);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_in_the_text_has_its_position()
    {
        Save();
        File.WriteAllText(Manifest, File.ReadAllText(Manifest).Replace("\"groups\": 1", "\"groups\": 0", StringComparison.Ordinal));
        HawqException error = Refused(HawqIds.ManifestNumber, "groups");
        Assert.True(error.Line > 10 && error.Column > 10);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x00 }, HawqIds.ManifestSyntax)]
    [InlineData(new byte[0], HawqIds.ManifestSyntax)]
    public void A_file_that_is_no_manifest_is_refused(byte[] content, string id)
    {
        File.WriteAllBytes(Manifest, content);
        Refused(id, "");
    }

    [Fact]
    public void A_missing_manifest_is_refused() => Refused(HawqIds.FileAccess, "cannot be read");

    [Fact]
    public void Saving_into_a_folder_that_cannot_be_made_leaves_nothing_behind()
    {
        string taken = Path.Combine(_folder, "taken");
        File.WriteAllText(taken, "a file");
        string path = Path.Combine(taken, "net.hawq.json");
        Assert.Equal(HawqIds.FileAccess, Assert.Throws<HawqException>(() => ManifestFile.Save(path, _network, _weights.Sidecar)).Id);
        Assert.Equal([taken], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_sidecar_whose_manifest_cannot_be_written_is_not_left_behind()
    {
        Directory.CreateDirectory(Manifest);
        Assert.Equal(HawqIds.FileAccess, Assert.Throws<HawqException>(Save).Id);
        Assert.Equal([Manifest], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Weights_that_the_network_does_not_describe_are_not_saved()
    {
        Assert.Throws<HawqException>(() => ManifestFile.Save(Manifest, _network, [1, 2, 3]));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    private void Save() => ManifestFile.Save(Manifest, _network, _weights.Sidecar);

    private HawqException Refused(string id, string part)
    {
        HawqException error = Assert.Throws<HawqException>(() => ManifestFile.Load(Manifest));
        Assert.Equal(id, error.Id);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Equal(Manifest, error.File);
        return error;
    }
}

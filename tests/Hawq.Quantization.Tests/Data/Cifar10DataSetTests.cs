using Hawq.Model;
using Hawq.Quantization.Data;
using Xunit;

namespace Hawq.Quantization.Tests.Data;

public sealed class Cifar10DataSetTests : IDisposable
{
    private static readonly Shape s_shape = new(32, 32, 3);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reads_labels_and_interleaves_the_colour_planes()
    {
        using IDataSet data = Open([.. Image(7, 10, 20, 30), .. Image(3, 40, 50, 60)]);
        byte[] pixels = new byte[s_shape.Length];
        data.ReadPixels(1, pixels);
        Assert.Equal([7, 3], data.Labels);
        Assert.Equal([40, 50, 60, 40, 50, 60], pixels[..6]);
    }

    [Fact]
    public void Values_are_scaled_and_normalized_per_channel()
    {
        using IDataSet data = Open(Image(0, 255, 0, 51));
        float[] values = new float[s_shape.Length];
        data.ReadValues(0, values);
        Assert.Equal((1 - 0.485f) / 0.229f, values[0], 5);
        Assert.Equal(-0.456f / 0.224f, values[1], 5);
        Assert.Equal((0.2f - 0.406f) / 0.225f, values[2], 5);
    }

    [Fact]
    public void Blue_first_networks_get_blue_first_bytes()
    {
        string file = _folder.Write("bgr.json", """{ "channelOrder": "BGR", "pixelScale": 1, "mean": [0, 0, 0], "std": [1, 1, 1] }""");
        using IDataSet data = DataSet.Open(_folder.Write("data.bin", Image(0, 1, 2, 3)), null, s_shape, file);
        byte[] pixels = new byte[s_shape.Length];
        data.ReadPixels(0, pixels);
        Assert.Equal([3, 2, 1], pixels[..3]);
    }

    [Theory]
    [InlineData(0, "empty")]
    [InlineData(3072, "truncated")]
    [InlineData(3073 + 1, "truncated")]
    public void A_file_that_is_not_whole_records_is_refused(int length, string message) =>
        Assert.Contains(message, Refusal(() => Open(new byte[length])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_label_above_nine_is_refused() =>
        Assert.Contains("Image 1 has the label 10", Refusal(() => Open([.. Image(9, 0, 0, 0), .. Image(10, 0, 0, 0)])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_network_of_another_size_is_refused()
    {
        string path = _folder.Write("data.bin", Image(0, 0, 0, 0));
        Assert.Contains("224x224x3", Refusal(() => DataSet.Open(path, null, new Shape(224, 224, 3), "cifar10")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_refused() => Refusal(() => DataSet.Open(Path.Combine(_folder.Path, "none.bin"), null, s_shape, "cifar10"));

    [Fact]
    public void Images_without_a_preprocessing_are_refused() => Refusal(() => DataSet.Open(_folder.Write("data.bin", Image(0, 0, 0, 0)), null, s_shape, null));

    internal static byte[] Image(byte label, byte red, byte green, byte blue) =>
        [label, .. Enumerable.Repeat(red, 1024), .. Enumerable.Repeat(green, 1024), .. Enumerable.Repeat(blue, 1024)];

    private IDataSet Open(byte[] bytes) => DataSet.Open(_folder.Write("data.bin", bytes), null, s_shape, "cifar10");

    private static HawqException Refusal(Func<IDataSet> open)
    {
        HawqException exception = Assert.Throws<HawqException>(open);
        Assert.Equal(HawqIds.Data, exception.Id);
        return exception;
    }
}

using Hawq.Model;
using Hawq.Quantization.Data;
using SkiaSharp;
using Xunit;

namespace Hawq.Quantization.Tests.Data;

public sealed class FolderDataSetTests : IDisposable
{
    private static readonly Shape s_shape = new(2, 2, 3);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sub_folders_are_classes_in_ordinal_order()
    {
        _folder.Write("dog/1.png", Png(2, 2, SKColors.Red));
        _folder.Write("cat/1.png", Png(2, 2, SKColors.Blue));
        using IDataSet data = Open();
        byte[] pixels = new byte[s_shape.Length];
        data.ReadPixels(0, pixels);
        Assert.Equal(["cat", "dog"], data.ClassNames);
        Assert.Equal([0, 1], data.Labels);
        Assert.Equal([0, 0, 255], pixels[..3]);
    }

    [Fact]
    public void A_label_file_names_images_and_classes()
    {
        _folder.Write("a.png", Png(2, 2, SKColors.Red));
        _folder.Write("b.png", Png(2, 2, SKColors.Blue));
        _folder.Write("labels.csv", "file,label\nb.png,5\na.png,3\n");
        using IDataSet data = Open();
        Assert.Equal([5, 3], data.Labels);
    }

    [Fact]
    public void The_shorter_side_is_resized_and_the_centre_cropped()
    {
        // 8 x 4: a red left and right quarter around a green centre; the shorter side becomes 2, the centre 2 x 2 is green.
        using SKBitmap bitmap = new(8, 4);
        bitmap.Erase(SKColors.Red);
        for (int i = 0; i < 16; i++)
        {
            bitmap.SetPixel(2 + (i % 4), i / 4, SKColors.Lime);
        }

        _folder.Write("a.png", bitmap.Encode(SKEncodedImageFormat.Png, 100).ToArray());
        string preprocess = _folder.Write("p.json", """{ "resizeShorterSide": 2, "pixelScale": 1, "mean": [0, 0, 0], "std": [1, 1, 1] }""");
        using IDataSet data = DataSet.Open(_folder.Path, null, s_shape, preprocess);
        byte[] pixels = new byte[s_shape.Length];
        data.ReadPixels(0, pixels);
        Assert.All(Enumerable.Range(0, 4), i => Assert.Equal([0, 255, 0], pixels[(3 * i)..((3 * i) + 3)]));
    }

    [Fact]
    public void An_empty_folder_is_refused() => Assert.Contains("no images", Refusal(Open).Message, StringComparison.Ordinal);

    [Fact]
    public void A_missing_image_is_reported_with_its_line()
    {
        _folder.Write("labels.csv", "file,label\nmissing.png,5\n");
        HawqException exception = Refusal(Open);
        Assert.Equal(2, exception.Line);
        Assert.Contains("missing.png", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside.png")]
    [InlineData("sub/../../outside.png")]
    [InlineData("/etc/hostname")]
    public void A_list_does_not_name_files_outside_its_folder(string file)
    {
        string folder = Path.Combine(_folder.Path, "set");
        _folder.Write("outside.png", Png(2, 2, SKColors.Red));
        _folder.Write("set/sub/a.png", Png(2, 2, SKColors.Red));
        _folder.Write("set/labels.csv", $"file,label\nsub/a.png,1\n{file},5\n");
        HawqException exception = Refusal(() => DataSet.Open(folder, null, s_shape, "none"));
        Assert.Equal(3, exception.Line);
        Assert.Contains("in the folder of the list", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_small_file_that_holds_a_huge_image_is_refused_before_it_is_decoded()
    {
        // A BMP file says its size in two fields, and no checksum guards them.
        byte[] file = new byte[200];
        "BM"u8.CopyTo(file);
        foreach ((int at, int value) in new[] { (10, 54), (14, 40), (18, 60_000), (22, 60_000), (26, 1 | (24 << 16)) })
        {
            BitConverter.TryWriteBytes(file.AsSpan(at), value);
        }

        _folder.Write("a.bmp", file);
        using IDataSet data = Open();
        Assert.Contains("60000x60000", Refusal(() => data.ReadPixels(0, new byte[s_shape.Length])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_thin_image_is_refused_where_resizing_makes_it_huge()
    {
        _folder.Write("a.png", Png(10_000, 1, SKColors.Red));
        string preprocess = _folder.Write("p.json", """{ "resizeShorterSide": 1000, "pixelScale": 1, "mean": [0, 0, 0], "std": [1, 1, 1] }""");
        using IDataSet data = DataSet.Open(_folder.Path, null, s_shape, preprocess);
        Assert.Contains("10000000x1000", Refusal(() => data.ReadPixels(0, new byte[s_shape.Length])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "pixelScale": 1, "mean": null, "std": [1, 1, 1] }""")]
    [InlineData("""{ "resizeShorterSide": 2147483647, "pixelScale": 1, "mean": [0, 0, 0], "std": [1, 1, 1] }""")]
    public void A_preprocessing_that_makes_no_sense_is_refused(string preprocess)
    {
        _folder.Write("a.png", Png(2, 2, SKColors.Red));
        Refusal(() => DataSet.Open(_folder.Path, null, s_shape, _folder.Write("p.json", preprocess)));
    }

    [Fact]
    public void An_image_of_another_size_is_refused_without_a_resize()
    {
        _folder.Write("a.png", Png(3, 2, SKColors.Red));
        using IDataSet data = Open();
        Assert.Contains("3x2", Refusal(() => data.ReadPixels(0, new byte[s_shape.Length])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_image_is_refused()
    {
        _folder.Write("a.png", "no image");
        using IDataSet data = Open();
        Assert.Contains("damaged", Refusal(() => data.ReadPixels(0, new byte[s_shape.Length])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "pixelScale": 1, "mean": [0, 0, 0], "std": [1, 1, 0] }""", "above 0")]
    [InlineData("""{ "pixelScale": 1, "mean": [0, 0], "std": [1, 1] }""", "3 finite values")]
    [InlineData("""{ "pixelScale": 1, "means": [0, 0, 0], "std": [1, 1, 1] }""", "not valid")]
    [InlineData("""{ "channelOrder": "CMY", "pixelScale": 1, "mean": [0, 0, 0], "std": [1, 1, 1] }""", "CMY")]
    public void A_preprocessing_file_that_makes_no_sense_is_refused(string json, string message)
    {
        string file = _folder.Write("p.json", json);
        HawqException exception = Assert.Throws<HawqException>(() => Preprocessing.Load(file, 3));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.Equal(file, exception.File);
    }

    private static HawqException Refusal(Action action)
    {
        HawqException exception = Assert.Throws<HawqException>(action);
        Assert.Equal(HawqIds.Data, exception.Id);
        return exception;
    }

    private static HawqException Refusal(Func<IDataSet> open) => Refusal(() => { open(); });

    private static byte[] Png(int width, int height, SKColor color)
    {
        using SKBitmap bitmap = new(width, height);
        bitmap.Erase(color);
        return bitmap.Encode(SKEncodedImageFormat.Png, 100).ToArray();
    }

    private IDataSet Open() => DataSet.Open(_folder.Path, null, s_shape, "none");
}

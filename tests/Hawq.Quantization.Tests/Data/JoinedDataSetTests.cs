using Hawq.Model;
using Hawq.Quantization.Data;
using Xunit;

namespace Hawq.Quantization.Tests.Data;

public sealed class JoinedDataSetTests : IDisposable
{
    private static readonly Shape s_shape = new(32, 32, 3);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Inputs_and_labels_follow_each_other()
    {
        using JoinedDataSet data = new([Open("a.bin", (1, 10), (2, 20)), Open("b.bin", (3, 30))]);
        byte[] pixels = new byte[s_shape.Length];
        byte[] first = new byte[3];
        for (int i = 0; i < first.Length; i++)
        {
            data.ReadPixels(i, pixels);
            first[i] = pixels[0];
        }

        Assert.Equal("a.bin, b.bin", data.Name);
        Assert.Equal([1, 2, 3], data.Labels);
        Assert.Equal(new byte[] { 10, 20, 30 }, first);
    }

    [Fact]
    public void Labels_of_only_some_sets_are_refused()
    {
        using IDataSet labelled = Open("a.bin", (1, 10));
        HawqException exception = Assert.Throws<HawqException>(() => new JoinedDataSet([labelled, new Unlabelled(labelled)]));
        Assert.Equal(HawqIds.Data, exception.Id);
    }

    private IDataSet Open(string name, params (byte Label, byte Value)[] images) => DataSet.Open(
        _folder.Write(name, [.. images.SelectMany(image => new[] { image.Label }.Concat(Enumerable.Repeat(image.Value, s_shape.Length)))]), null, s_shape, "cifar10");

    private sealed class Unlabelled(IDataSet data) : IDataSet
    {
        public string Name => "unlabelled";

        public int Count => data.Count;

        public Shape Shape => data.Shape;

        public IReadOnlyList<int> Labels => [];

        public IReadOnlyList<string> ClassNames => [];

        public Preprocess? Preprocess => data.Preprocess;

        public void ReadPixels(int index, Span<byte> pixels) => data.ReadPixels(index, pixels);

        public void ReadValues(int index, Span<float> values) => data.ReadValues(index, values);

        public void Dispose()
        {
        }
    }
}

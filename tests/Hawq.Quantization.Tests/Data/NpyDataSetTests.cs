using System.Runtime.InteropServices;
using System.Text;
using Hawq.Model;
using Hawq.Quantization.Data;
using Xunit;

namespace Hawq.Quantization.Tests.Data;

public sealed class NpyDataSetTests : IDisposable
{
    private static readonly Shape s_shape = new(1, 3, 2);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Channels_first_becomes_channels_last()
    {
        using IDataSet data = Open("<f4", "(1, 2, 1, 3)", Bytes<float>(1, 2, 3, 4, 5, 6));
        float[] values = new float[6];
        data.ReadValues(0, values);
        Assert.Equal([1, 4, 2, 5, 3, 6], values);
    }

    [Theory]
    [InlineData("|u1")]
    [InlineData("<i4")]
    [InlineData("<i8")]
    public void Labels_may_be_of_any_integer_type(string type)
    {
        byte[] labels = type switch { "|u1" => [4, 2], "<i4" => Bytes(4, 2), _ => Bytes(4L, 2L) };
        using IDataSet data = Open("<f4", "(2, 6)", Bytes(new float[12]), Npy(type, "(2,)", labels));
        Assert.Equal([4, 2], data.Labels);
    }

    [Theory]
    [InlineData("<f4", "(1, 1, 2, 3)", "batch, channels, height, width")]
    [InlineData("<f8", "(1, 2, 1, 3)", "promises")]
    [InlineData("<f4", "(2, 2, 1, 3)", "promises")]
    [InlineData(">f4", "(1, 2, 1, 3)", "not supported")]
    [InlineData("<i4", "(1, 2, 1, 3)", "float32")]
    [InlineData("<f4", "(0, 2, 1, 3)", "promises")]
    [InlineData("<f4", "(99999999999, 2, 1, 3)", "99999999999")]
    [InlineData("<f4", "(2147483647, 2147483647, 2147483647, 2147483647)", "too many elements")]
    public void An_array_that_does_not_fit_is_refused(string type, string shape, string message)
    {
        HawqException exception = Assert.Throws<HawqException>(() => Open(type, shape, Bytes(new float[6])));
        Assert.Equal(HawqIds.Data, exception.Id);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_array_is_refused() =>
        Assert.Contains("empty", Assert.Throws<HawqException>(() => Open("<f4", "(0, 2, 1, 3)", [])).Message, StringComparison.Ordinal);

    [Fact]
    public void Another_number_of_labels_is_refused() =>
        Assert.Contains("3 labels for 1 inputs", Assert.Throws<HawqException>(
            () => Open("<f4", "(1, 6)", Bytes(new float[6]), Npy("|u1", "(3,)", [0, 1, 2]))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_of_another_kind_is_refused() =>
        Assert.Contains("no .npy file", Assert.Throws<HawqException>(
            () => DataSet.Open(_folder.Write("x.npy", new byte[100]), null, s_shape, null)).Message, StringComparison.Ordinal);

    internal static byte[] Npy(string type, string shape, byte[] data)
    {
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. data];
    }

    private static byte[] Bytes<T>(params T[] values)
        where T : struct => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private IDataSet Open(string type, string shape, byte[] data, byte[]? labels = null) =>
        DataSet.Open(_folder.Write("x.npy", Npy(type, shape, data)), labels is null ? null : _folder.Write("y.npy", labels), s_shape, null);
}

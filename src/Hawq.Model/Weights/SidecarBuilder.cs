using System.Globalization;
using System.Security.Cryptography;

namespace Hawq.Model;

/// <summary>Collects the weight tensors of a network into the bytes of its sidecar, each at a multiple of <see cref="Alignment"/>.</summary>
public sealed class SidecarBuilder
{
    /// <summary>Every tensor starts at a multiple of this, a cache line, so that kernels may read it in place.</summary>
    public const int Alignment = 64;

    private readonly MemoryStream _bytes = new();

    /// <summary>Appends weights and describes where they are.</summary>
    /// <param name="codes">Codes in the order [output channel][kernel row][kernel column][input channel].</param>
    /// <param name="bits">2, 4 or 8.</param>
    /// <param name="outputChannels">Output channels.</param>
    /// <param name="kernelHeight">Kernel rows.</param>
    /// <param name="kernelWidth">Kernel columns.</param>
    /// <param name="inputChannels">Input channels of one group.</param>
    /// <param name="scales">Real step per output channel.</param>
    /// <exception cref="ArgumentException">The counts do not fit, or a code is outside its range.</exception>
    public WeightTensor Add(
        sbyte[] codes, int bits, int outputChannels, int kernelHeight, int kernelWidth, int inputChannels, EquatableArray<float> scales)
    {
        WeightTensor weights = new(0, bits, outputChannels, kernelHeight, kernelWidth, inputChannels, scales);
        if (codes.Length != weights.Count || scales.Count != outputChannels)
        {
            throw new ArgumentException(
                $"{weights.Count} weights and {outputChannels} scales are expected, not {codes.Length} and {scales.Count}.", nameof(codes));
        }

        return weights with { Offset = Append(WeightPacker.Pack(codes, bits, weights.PerChannel)) };
    }

    /// <summary>Appends the per-channel tables of a layer, if they are too long for literals.</summary>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="bias">Bias per output channel.</param>
    /// <param name="requantize">Dyadic multiplier per output channel.</param>
    /// <param name="maxLiteralBytes">What is too long.</param>
    /// <returns>The weights, with the place of the tables.</returns>
    public WeightTensor AddTables(
        WeightTensor weights, EquatableArray<int> bias, EquatableArray<Dyadic> requantize, int maxLiteralBytes = ChannelTables.MaxLiteralBytes) =>
        ChannelTables.Bytes(bias.Count) > maxLiteralBytes ? weights with { Tables = Append(ChannelTables.Pack(bias, requantize)) } : weights;

    /// <summary>Appends bytes at the next multiple of <see cref="Alignment"/> and returns their offset.</summary>
    public long Append(byte[] bytes)
    {
        while (_bytes.Length % Alignment != 0)
        {
            _bytes.WriteByte(0);
        }

        long offset = _bytes.Length;
        _bytes.Write(bytes, 0, bytes.Length);
        return offset;
    }

    /// <summary>All bytes so far.</summary>
    public byte[] ToArray() => _bytes.ToArray();

    /// <summary>The manifest's description of all bytes so far.</summary>
    /// <param name="file">File name of the sidecar, without folder.</param>
    public WeightsFile Describe(string file) => Describe(file, ToArray());

    /// <summary>The manifest's description of a sidecar.</summary>
    /// <param name="file">File name of the sidecar, without folder.</param>
    /// <param name="bytes">Its content.</param>
    public static WeightsFile Describe(string file, byte[] bytes) => new(file, Sha256(bytes), bytes.Length);

    /// <summary>Lower-case hexadecimal SHA-256.</summary>
    public static string Sha256(byte[] bytes)
    {
        using SHA256 hash = SHA256.Create();
        return string.Concat(hash.ComputeHash(bytes).Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
    }
}

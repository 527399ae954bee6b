namespace Hawq.Model;

/// <summary>
/// A layer with constant weights and per-output-channel requantization (<see cref="ConvLayer"/>, <see cref="GemmLayer"/>):
/// <code>
/// acc[o] = bias[o] + sum of w * (x - zeroPoint(x))         int32, proven not to overflow; padding adds 0
/// y[o]   = clamp(((long)acc[o] * b[o] + 2^(c[o]-1) >> c[o]) + zeroPoint(y), lo(y), hi(y))
/// </code>
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor.</param>
/// <param name="Output">Output tensor.</param>
/// <param name="Weights">The weights in the sidecar.</param>
/// <param name="Bias">int32 bias per output channel, at scale(x) * scale(w[o]).</param>
/// <param name="Requantize">Dyadic multiplier per output channel.</param>
/// <param name="Facts">What the planner needs to know of the weights.</param>
public abstract record LinearLayer(
    string Name, string Input, string Output, WeightTensor Weights, EquatableArray<int> Bias, EquatableArray<Dyadic> Requantize, WeightFacts Facts)
    : Layer(Name, Output)
{
    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => EquatableArray.Of(Input);

    /// <summary>Output channels.</summary>
    public int OutputChannels => Weights.OutputChannels;
}

/// <summary>
/// Weights in the sidecar, in the order [output channel][kernel row][kernel column][input channel of the group]. Signed, symmetric,
/// narrow range, zero point 0. 8-bit weights take a byte each, 4-bit weights a nibble each (low nibble first, two's complement;
/// each output channel starts at a whole byte), 2-bit weights a quarter byte each in the same way.
/// </summary>
/// <param name="Offset">Byte offset in the sidecar, a multiple of 64.</param>
/// <param name="Bits">2, 4 or 8; the codes lie in [-(2^(bits-1)-1), 2^(bits-1)-1].</param>
/// <param name="OutputChannels">Output channels.</param>
/// <param name="KernelHeight">Kernel rows (1 for Gemm).</param>
/// <param name="KernelWidth">Kernel columns (1 for Gemm).</param>
/// <param name="InputChannels">Input channels of one group (input features for Gemm).</param>
/// <param name="Scales">Real step per output channel: provenance only, inference never reads it.</param>
/// <param name="Tables">Byte offset of the layer's <see cref="ChannelTables"/> in the sidecar, a multiple of 64, or null where they are not there.</param>
public sealed record WeightTensor(
    long Offset, int Bits, int OutputChannels, int KernelHeight, int KernelWidth, int InputChannels, EquatableArray<float> Scales, long? Tables = null)
{
    /// <summary>Weights per output channel.</summary>
    public int PerChannel => checked(KernelHeight * KernelWidth * InputChannels);

    /// <summary>All weights.</summary>
    public long Count => (long)PerChannel * OutputChannels;

    /// <summary>Bytes that one output channel takes in the sidecar.</summary>
    public int BytesPerChannel => (PerChannel * Bits + 7) / 8;

    /// <summary>Bytes in the sidecar.</summary>
    public long Bytes => (long)BytesPerChannel * OutputChannels;

    /// <summary>Largest weight code, 2^(bits-1)-1.</summary>
    public int MaxCode => (1 << (Bits - 1)) - 1;
}

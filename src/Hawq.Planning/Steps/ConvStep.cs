using Hawq.Model;

namespace Hawq.Planning;

/// <summary>
/// A convolution (or fully connected layer: a convolution whose kernel is its input) with everything that follows it up to the next
/// tensor in memory: bias, requantize, residual add, clamp, requantize for the next layer.
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">The layers covered: the convolution, then what was fused.</param>
/// <param name="Work">Division among threads.</param>
/// <param name="Input">The input; 8-bit storage whose border covers the padding.</param>
/// <param name="Geometry">Shapes and strides.</param>
/// <param name="Weights">Weights and per-channel tables.</param>
/// <param name="Epilogue">What happens to an accumulator.</param>
/// <param name="Kernels">The kernel of every instruction-set tier, best first; the last is <see cref="InstructionSet.Scalar"/>.</param>
/// <param name="Proofs">Sentences that prove the kernels exact for this layer, for the remarks of the generated method.</param>
public sealed record ConvStep(
    string Name,
    EquatableArray<string> Layers,
    WorkPlan Work,
    TensorStorage Input,
    ConvGeometry Geometry,
    LinearWeights Weights,
    Epilogue Epilogue,
    EquatableArray<KernelChoice> Kernels,
    EquatableArray<string> Proofs) : Step(Name, Layers, Work)
{
    /// <summary>Bytes of scratch memory that a thread needs for it.</summary>
    public int ScratchBytes => Kernels.Where(kernel => kernel.Family == KernelFamily.Winograd4)
        .Select(kernel => new WinogradLayout(kernel.Tier, Geometry).ScratchBytes).DefaultIfEmpty(0).Max();

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => Epilogue.Residual is { } residual ? [Input, residual.Operand] : [Input];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => Epilogue.Stores.Select(store => store.Target);
}

/// <summary>
/// The loops of a convolution. Tap (ky, kx) of output pixel (y, x) is the input pixel that lies
/// (y * Stride.Height + ky * Dilation.Height) rows and (x * Stride.Width + kx * Dilation.Width) columns after <see cref="InputOffset"/>; there are no
/// edge cases.
/// </summary>
/// <param name="Input">Input shape (for documentation; 1 x 1 x features for a flattened fully connected layer).</param>
/// <param name="Output">Output shape.</param>
/// <param name="Kernel">Kernel rows and columns.</param>
/// <param name="Stride">Stride.</param>
/// <param name="Dilation">Dilation.</param>
/// <param name="Padding">Padding (for documentation: it lies in the border).</param>
/// <param name="Groups">Channel groups.</param>
/// <param name="InputOffset">Byte offset in the arena of tap (0, 0) of output pixel (0, 0), channel 0.</param>
/// <param name="InputPixelStride">Bytes from one input column to the next.</param>
/// <param name="InputRowStride">Bytes from one input row to the next.</param>
public sealed record ConvGeometry(
    Shape Input, Shape Output, Size2 Kernel, Size2 Stride, Size2 Dilation, Padding Padding, int Groups,
    int InputOffset, int InputPixelStride, int InputRowStride)
{
    /// <summary>Input channels of one group.</summary>
    public int GroupInputChannels => Input.Channels / Groups;

    /// <summary>Output channels of one group.</summary>
    public int GroupOutputChannels => Output.Channels / Groups;

    /// <summary>Whether every channel is convolved alone.</summary>
    public bool Depthwise => Groups > 1 && Groups == Input.Channels && Groups == Output.Channels;

    /// <summary>
    /// Whether a kernel row (kernel column by input channel) is one run of consecutive bytes of the input.
    /// </summary>
    public bool ContiguousRows => Groups == 1 && (Kernel.Width == 1 || (Dilation.Width == 1 && InputPixelStride == Input.Channels));

    /// <summary>Length of a run: codes of a kernel row that are consecutive in memory and in the weights.</summary>
    public int RunLength => ContiguousRows ? Kernel.Width * Input.Channels : GroupInputChannels;

    /// <summary>Runs per kernel row: 1 when <see cref="ContiguousRows"/>, otherwise one per kernel column.</summary>
    public int RunsPerRow => ContiguousRows ? 1 : Kernel.Width;

    /// <summary>Steps of four codes per run, the last padded with zero weights.</summary>
    public int StepsPerRun => (RunLength + 3) / 4;

    /// <summary>Multiply-accumulates, padding included.</summary>
    public long Macs => (long)Output.Length * Kernel.Height * Kernel.Width * GroupInputChannels;
}

/// <summary>The constants of a convolution, and where they lie in the shared, 64-byte aligned block that is filled once at load.</summary>
/// <param name="Source">Weights in the sidecar.</param>
/// <param name="Bias">int32 per output channel, before the input's stored zero point is folded in at load:
/// bias - storedZero * sum of the channel's weights.</param>
/// <param name="Multipliers">Dyadic multiplier per output channel.</param>
/// <param name="Facts">What is known of the weights.</param>
/// <param name="WeightsOffset">Byte offset of the packed weights in the block.</param>
/// <param name="WeightsBytes">Bytes reserved for them: enough for every tier's packing.</param>
/// <param name="TableOffset">Byte offset of the per-channel table in the block.</param>
/// <param name="PaddedChannels">Length of each of the table's arrays: output channels rounded up to a multiple of 32.</param>
public sealed record LinearWeights(
    WeightTensor Source, EquatableArray<int> Bias, EquatableArray<Dyadic> Multipliers, WeightFacts Facts,
    int WeightsOffset, int WeightsBytes, int TableOffset, int PaddedChannels);

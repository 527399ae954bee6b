using Hawq.Model;

namespace Hawq.Planning.Gpu;

/// <summary>Devices that kernels are planned for.</summary>
public enum GpuTarget
{
    /// <summary>NVIDIA sm_75 (T4) and later: integer tensor cores through inline PTX.</summary>
    Cuda,

    /// <summary>Any ILGPU device (OpenCL, the CPU accelerator): plain C# only.</summary>
    Portable,
}

/// <summary>How a network is computed on a GPU: fused steps, one kernel launch each. The batch is chosen at launch.</summary>
/// <param name="Network">What is computed.</param>
/// <param name="Target">Device kind.</param>
/// <param name="Tensors">Everything that is materialised, input first.</param>
/// <param name="Steps">In execution order.</param>
public sealed record GpuPlan(Network Network, GpuTarget Target, EquatableArray<GpuTensor> Tensors, EquatableArray<GpuStep> Steps);

/// <summary>Blocks and threads of a launch. A kernel gets the number of pixels (of all images) and returns where it has nothing to do.</summary>
/// <param name="Threads">Threads of a block.</param>
/// <param name="Pixels">Pixels per image.</param>
/// <param name="PerPixel">Units of work per pixel: 1, or pairs of channels.</param>
/// <param name="PerBlock">Units of work of a block.</param>
/// <param name="Rows">Blocks along Y: blocks of output channels.</param>
/// <param name="Resident">Blocks that a multiprocessor shall hold at once: the fewer, the more registers a thread may have.</param>
public sealed record GpuLaunch(int Threads, int Pixels, int PerPixel, int PerBlock, int Rows, int Resident = GpuLaunch.PlainResident)
{
    /// <summary>With 128 threads a block, 1,024 threads: all that a T4's multiprocessor holds; 64 registers each.</summary>
    public const int PlainResident = 8;

    /// <summary>A thread for every unit of work.</summary>
    public static GpuLaunch Plain(GpuTensor target, int perPixel) => new(GpuPlanner.PlainThreads, target.Pixels, perPixel, GpuPlanner.PlainThreads, 1);
}

/// <summary>One kernel launch.</summary>
/// <param name="Name">Name of the first layer that it covers.</param>
/// <param name="Layers">All layers that it covers.</param>
public abstract record GpuStep(string Name, EquatableArray<string> Layers)
{
    /// <summary>Blocks and threads.</summary>
    public abstract GpuLaunch Launch { get; }

    /// <summary>The tensors that it reads, the main one first; none for the input step, which reads what the caller passed.</summary>
    public abstract IEnumerable<GpuTensor> Reads { get; }

    /// <summary>The tensors that it writes.</summary>
    public abstract IEnumerable<GpuTensor> Writes { get; }

    /// <summary>Constant words that the kernel reads besides weights.</summary>
    public virtual IEnumerable<int> Data => [];
}

/// <summary>Maps pixels through their tables, or copies the caller's codes, clamped to the range.</summary>
/// <param name="Name">Input tensor.</param>
/// <param name="Caller">What the caller passes: bytes, or codes in the tensor's narrowest element; without padding.</param>
/// <param name="Target">Input tensor.</param>
/// <param name="Tables">256 codes per channel, or empty.</param>
public sealed record GpuInputStep(string Name, GpuTensor Caller, GpuTensor Target, EquatableArray<EquatableArray<int>> Tables) : GpuStep(Name, default)
{
    /// <inheritdoc/>
    public override GpuLaunch Launch => GpuLaunch.Plain(Target, 1);

    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Reads => [];

    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Writes => [Target];

    /// <inheritdoc/>
    public override IEnumerable<int> Data => Tables.SelectMany(table => table);
}

/// <summary>A convolution or fully connected layer with everything fused behind it.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Input">Input.</param>
/// <param name="Geometry">Shapes and strides (its arena offsets are the CPU's and mean nothing here).</param>
/// <param name="Weights">Weights and per-channel tables.</param>
/// <param name="Requantize">How the per-channel multipliers are applied to accumulators.</param>
/// <param name="Epilogue">What happens then.</param>
/// <param name="Kernel">Kernel and tile.</param>
public sealed record GpuConvStep(
    string Name, EquatableArray<string> Layers, GpuTensor Input, ConvGeometry Geometry, LinearWeights Weights, Requantizer Requantize, GpuEpilogue Epilogue,
    GpuConvKernel Kernel)
    : GpuStep(Name, Layers)
{
    /// <summary>
    /// The convolution whose result is the residual operand, computed by the same launch and kept in registers; null where the operand is read from memory.
    /// </summary>
    public GpuConvStep? Shortcut { get; init; }

    /// <inheritdoc/>
    public override GpuLaunch Launch => new(
        Kernel.Threads, Geometry.Output.Height * Geometry.Output.Width, 1, Kernel.BlockPixels, GpuWeightLayout.TableChannels(this) / Kernel.BlockChannels, Kernel.Resident);

    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Reads => Shortcut is null ? Epilogue.Reads(Input) : [Input, Shortcut.Input];

    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Writes => Epilogue.Writes;
}

/// <summary>A residual add or requantize that stands alone.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Source">Where the value comes from.</param>
/// <param name="Epilogue">What happens to it.</param>
public sealed record GpuElementwiseStep(string Name, EquatableArray<string> Layers, GpuTensor Source, GpuEpilogue Epilogue) : GpuPairStep(Name, Layers, Source)
{
    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Reads => Epilogue.Reads(Source);

    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Writes => Epilogue.Writes;
}

/// <summary>A step without weights: a thread computes two, or more, neighbouring channels of one pixel.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Shape">A tensor with the shape of the result.</param>
public abstract record GpuPairStep(string Name, EquatableArray<string> Layers, GpuTensor Shape) : GpuStep(Name, Layers)
{
    /// <inheritdoc/>
    public override GpuLaunch Launch => GpuLaunch.Plain(Shape, (Shape.Tensor.Shape.Channels + ThreadChannels - 1) / ThreadChannels);

    /// <summary>Channels of a thread.</summary>
    public int ThreadChannels { get; init; } = 2;
}

/// <summary>Slices and pads; see <see cref="CopyStep"/>.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Source">Source.</param>
/// <param name="Target">Target.</param>
/// <param name="Copy">The planned copy.</param>
public sealed record GpuCopyStep(string Name, EquatableArray<string> Layers, GpuTensor Source, GpuTensor Target, CopyStep Copy) : GpuMoveStep(Name, Layers, Source, Target);

/// <summary>Codes of one tensor moved, or mapped, to another.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Source">Source.</param>
/// <param name="Target">Target.</param>
public abstract record GpuMoveStep(string Name, EquatableArray<string> Layers, GpuTensor Source, GpuTensor Target) : GpuPairStep(Name, Layers, Target)
{
    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Reads => [Source];

    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Writes => [Target];
}

/// <summary>Largest code in a window.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Source">Source.</param>
/// <param name="Target">Target.</param>
/// <param name="Window">Window.</param>
public sealed record GpuMaxPoolStep(string Name, EquatableArray<string> Layers, GpuTensor Source, GpuTensor Target, PoolWindow Window) : GpuMoveStep(Name, Layers, Source, Target);

/// <summary>A function by table.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Source">Source.</param>
/// <param name="Target">Target.</param>
/// <param name="Tables">Target codes by source code minus the smallest: one table, or one per channel.</param>
public sealed record GpuLookupStep(string Name, EquatableArray<string> Layers, GpuTensor Source, GpuTensor Target, EquatableArray<EquatableArray<int>> Tables)
    : GpuMoveStep(Name, Layers, Source, Target)
{
    /// <inheritdoc/>
    public override IEnumerable<int> Data => Tables.SelectMany(table => table);
}

/// <summary>Channels in another order.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Source">Source.</param>
/// <param name="Target">Target.</param>
/// <param name="Channels">Source channel of every target channel.</param>
public sealed record GpuPermuteStep(string Name, EquatableArray<string> Layers, GpuTensor Source, GpuTensor Target, EquatableArray<int> Channels)
    : GpuMoveStep(Name, Layers, Source, Target)
{
    /// <inheritdoc/>
    public override IEnumerable<int> Data => Channels;
}

/// <summary>More rows and columns; see <see cref="EnlargeStep"/>.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Source">Source.</param>
/// <param name="Target">Target.</param>
/// <param name="Factor">Rows and columns from one source pixel to the next.</param>
/// <param name="Repeat">Whether a pixel is repeated; otherwise zero points stand between two pixels.</param>
public sealed record GpuEnlargeStep(string Name, EquatableArray<string> Layers, GpuTensor Source, GpuTensor Target, Size2 Factor, bool Repeat)
    : GpuMoveStep(Name, Layers, Source, Target);

/// <summary>Channels of several tensors, each with a multiplier of its own.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Target">The joined tensor.</param>
/// <param name="Parts">In the order of their channels.</param>
public sealed record GpuConcatStep(string Name, EquatableArray<string> Layers, GpuTensor Target, EquatableArray<GpuConcatPart> Parts) : GpuPairStep(Name, Layers, Target)
{
    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Reads => Parts.Select(part => part.Source);

    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Writes => [Target];
}

/// <summary>One part of a joined tensor.</summary>
/// <param name="Source">Source.</param>
/// <param name="Requantize">Multiplier.</param>
/// <param name="Clamp">Clamp before the zero point is added.</param>
public sealed record GpuConcatPart(GpuTensor Source, Requantizer Requantize, Clamp Clamp);

/// <summary>Average over a window: the sum over the taps inside, times the multiplier of their number.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Source">Source.</param>
/// <param name="Window">Window; the whole map for a global average.</param>
/// <param name="Divisors">One multiplier, or one for each number of taps.</param>
/// <param name="Epilogue">What happens to the mean.</param>
public sealed record GpuAveragePoolStep(
    string Name, EquatableArray<string> Layers, GpuTensor Source, PoolWindow Window, EquatableArray<PoolDivisor> Divisors, GpuEpilogue Epilogue)
    : GpuPairStep(Name, Layers, Epilogue.Stores[0].Target)
{
    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Reads => Epilogue.Reads(Source);

    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Writes => Epilogue.Writes;
}

/// <summary>Product of two tensors; the second may be one pixel per image.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="A">First factor.</param>
/// <param name="B">Second factor.</param>
/// <param name="Requantize">Multiplier of the product.</param>
/// <param name="Epilogue">What happens to it.</param>
public sealed record GpuMulStep(string Name, EquatableArray<string> Layers, GpuTensor A, GpuTensor B, Requantizer Requantize, GpuEpilogue Epilogue)
    : GpuPairStep(Name, Layers, A)
{
    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Reads => new[] { A, B }.Concat(Epilogue.Reads());

    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Writes => Epilogue.Writes;
}

/// <summary>Difference of two tensors, each requantized for itself.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="A">Minuend.</param>
/// <param name="B">Subtrahend.</param>
/// <param name="RequantizeA">Multiplier of the minuend.</param>
/// <param name="RequantizeB">Multiplier of the subtrahend.</param>
/// <param name="Store">Where the difference goes.</param>
public sealed record GpuSubStep(
    string Name, EquatableArray<string> Layers, GpuTensor A, GpuTensor B, Requantizer RequantizeA, Requantizer RequantizeB, GpuStore Store)
    : GpuPairStep(Name, Layers, A)
{
    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Reads => [A, B];

    /// <inheritdoc/>
    public override IEnumerable<GpuTensor> Writes => [Store.Target];
}

/// <summary><see cref="Epilogue"/> over device tensors.</summary>
/// <param name="Clamp">Clamp of the first requantized value, relative to its zero point.</param>
/// <param name="Residual">Residual operand or null.</param>
/// <param name="Stores">Stores.</param>
public sealed record GpuEpilogue(Clamp Clamp, GpuResidual? Residual, EquatableArray<GpuStore> Stores)
{
    /// <summary>The targets, in order.</summary>
    public IEnumerable<GpuTensor> Writes => Stores.Select(store => store.Target);

    /// <summary>What a step reads: the given tensors, then the residual.</summary>
    public IEnumerable<GpuTensor> Reads(params GpuTensor[] sources) => Residual is null ? sources : sources.Append(Residual.Operand);
}

/// <summary><see cref="ResidualAdd"/> over a device tensor.</summary>
/// <param name="Operand">The tensor read.</param>
/// <param name="Self">Multiplier of the value.</param>
/// <param name="Other">Multiplier of the operand.</param>
/// <param name="Clamp">Clamp of the sum.</param>
public sealed record GpuResidual(GpuTensor Operand, Requantizer Self, Requantizer Other, Clamp Clamp);

/// <summary><see cref="Store"/> to a device tensor.</summary>
/// <param name="Target">Target.</param>
/// <param name="Requantize">Multiplier.</param>
/// <param name="Clamp">Clamp before the zero point is added.</param>
public sealed record GpuStore(GpuTensor Target, Requantizer Requantize, Clamp Clamp);

/// <summary>How accumulators are computed.</summary>
public enum GpuConvFamily
{
    /// <summary>mma.sync.m8n8k16 on bytes.</summary>
    TensorCore8,

    /// <summary>mma.sync.m8n8k32 on nibbles.</summary>
    TensorCore4,

    /// <summary>Plain C#: every device, and on CUDA depthwise and grouped convolutions.</summary>
    Plain,
}

/// <summary>
/// Kernel and tile of a convolution. Tensor-core kernels are implicit matrix products, pixels (of all images of the batch) by output
/// channels; a block of 128 threads computes a tile, its four warps parts of it.
/// </summary>
/// <param name="Family">Family.</param>
/// <param name="BlockPixels">Pixels of a block's tile; for the other families threads per block, one pixel each.</param>
/// <param name="BlockChannels">Output channels of a tile; for the other families output channels of a thread.</param>
/// <param name="WarpRows">Warps along the pixels.</param>
/// <param name="StageUnits">16-byte units of the reduction staged in shared memory at once.</param>
public sealed record GpuConvKernel(GpuConvFamily Family, int BlockPixels, int BlockChannels, int WarpRows, int StageUnits)
{
    /// <summary>Threads of a tensor-core block.</summary>
    public const int TensorCoreThreads = 128;

    /// <summary>Warps along the channels.</summary>
    public int WarpColumns => 4 / WarpRows;

    /// <summary>8-pixel fragments of a warp.</summary>
    public int FragmentRows => BlockPixels / WarpRows / 8;

    /// <summary>8-channel fragments of a warp.</summary>
    public int FragmentColumns => BlockChannels / WarpColumns / 8;

    /// <summary>Neighbouring output channels that a lane holds: two of every fragment.</summary>
    public int LaneChannels => 2 * FragmentColumns;

    /// <summary>
    /// Blocks that a multiprocessor shall hold at once. 65,536 registers are 128 for each of 4 blocks of 128 threads: enough for 32 accumulators; 168 for 64 of them, 255 for 128.
    /// </summary>
    public int Resident => Family is GpuConvFamily.TensorCore8 or GpuConvFamily.TensorCore4
        ? KeptRegisters switch { <= 32 => 4, <= 64 => 3, _ => 2 }
        : GpuLaunch.PlainResident;

    /// <summary>Registers of a thread for accumulators, and for as many values of a shortcut.</summary>
    private int KeptRegisters => 2 * FragmentRows * FragmentColumns * (KeepsShortcut ? 2 : 1);

    /// <summary>Whether a shortcut's values wait in registers while the accumulators are summed up.</summary>
    public bool KeepsShortcut { get; init; }

    /// <summary>Threads per block.</summary>
    public int Threads => Family is GpuConvFamily.TensorCore8 or GpuConvFamily.TensorCore4 ? TensorCoreThreads : BlockPixels;
}

using Hawq.Model;

namespace Hawq.Planning.Gpu;

/// <summary>Devices that kernels are planned for.</summary>
public enum GpuTarget
{
    /// <summary>NVIDIA sm_75 (T4) and later: integer tensor cores and dp4a through inline PTX.</summary>
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

/// <summary>One kernel launch.</summary>
/// <param name="Name">Name of the first layer that it covers.</param>
/// <param name="Layers">All layers that it covers.</param>
public abstract record GpuStep(string Name, EquatableArray<string> Layers);

/// <summary>Maps pixels through their tables, or copies the caller's codes.</summary>
/// <param name="Name">Input tensor.</param>
/// <param name="Target">Input tensor.</param>
public sealed record GpuInputStep(string Name, GpuTensor Target) : GpuStep(Name, default);

/// <summary>A convolution or fully connected layer with everything fused behind it.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Input">Input.</param>
/// <param name="Geometry">Shapes and strides (its arena offsets are the CPU's and mean nothing here).</param>
/// <param name="Weights">Weights and per-channel tables.</param>
/// <param name="Epilogue">What happens to an accumulator.</param>
/// <param name="Kernel">Kernel and tile.</param>
public sealed record GpuConvStep(
    string Name, EquatableArray<string> Layers, GpuTensor Input, ConvGeometry Geometry, LinearWeights Weights, GpuEpilogue Epilogue, GpuConvKernel Kernel)
    : GpuStep(Name, Layers);

/// <summary>A residual add or requantize that stands alone.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Source">Where the value comes from.</param>
/// <param name="Epilogue">What happens to it.</param>
public sealed record GpuElementwiseStep(string Name, EquatableArray<string> Layers, GpuTensor Source, GpuEpilogue Epilogue) : GpuStep(Name, Layers);

/// <summary>Slices and pads; see <see cref="CopyStep"/>.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Source">Source.</param>
/// <param name="Target">Target.</param>
/// <param name="Copy">The planned copy.</param>
public sealed record GpuCopyStep(string Name, EquatableArray<string> Layers, GpuTensor Source, GpuTensor Target, CopyStep Copy) : GpuStep(Name, Layers);

/// <summary>Average over all rows and columns.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Source">Source.</param>
/// <param name="Requantize">Multiplier of the sum.</param>
/// <param name="Epilogue">What happens to the mean.</param>
public sealed record GpuPoolStep(string Name, EquatableArray<string> Layers, GpuTensor Source, Requantizer Requantize, GpuEpilogue Epilogue)
    : GpuStep(Name, Layers);

/// <summary><see cref="Epilogue"/> over device tensors.</summary>
/// <param name="Clamp">Clamp of the first requantized value, relative to its zero point.</param>
/// <param name="Residual">Residual operand or null.</param>
/// <param name="Stores">Stores.</param>
public sealed record GpuEpilogue(Clamp Clamp, GpuResidual? Residual, EquatableArray<GpuStore> Stores);

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

    /// <summary>dp4a: few input channels.</summary>
    Dot4,

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

    /// <summary>Threads per block.</summary>
    public int Threads => Family is GpuConvFamily.TensorCore8 or GpuConvFamily.TensorCore4 ? TensorCoreThreads : BlockPixels;
}

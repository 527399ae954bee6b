namespace Hawq.Planning;

/// <summary>Instruction-set tiers, chosen when the code is compiled by the JIT (or by NativeAOT) with <c>IsSupported</c> branches.</summary>
public enum InstructionSet
{
    /// <summary>AVX-512BW: 64-byte vectors.</summary>
    Avx512,

    /// <summary>AVX-VNNI: 32-byte vectors with vpdpbusd.</summary>
    AvxVnni,

    /// <summary>AVX2: 32-byte vectors.</summary>
    Avx2,

    /// <summary>16-byte vectors: SSE4.1 (what NativeAOT compiles for unless told otherwise), or AdvSimd of Arm64, with sdot where there.</summary>
    Vector128,

    /// <summary>Plain C#.</summary>
    Scalar,
}

/// <summary>Ways to compute the accumulators of a convolution; cpu-kernels in the documentation explains each.</summary>
public enum KernelFamily
{
    /// <summary>Plain loops.</summary>
    Scalar,

    /// <summary>One instruction multiplies four pairs and accumulates (vpdpbusd, sdot).</summary>
    Dot4,

    /// <summary>Pairs into int16 lanes (vpmaddubsw + vpaddw), spilled to int32 every <see cref="KernelChoice.Window"/> steps.</summary>
    Maddubs16,

    /// <summary>Pairs of one or several steps summed in int16 and then widened once, with correction steps for what could saturate.</summary>
    Tree,

    /// <summary>int16 products (vpmaddwd) of widened codes: always exact.</summary>
    Widen,

    /// <summary>Exact integer Winograd on tiles of 6x6 codes: F(4x4,3x3), or F(3x3,4x4) on the phases of a 7x7 kernel with stride 2.</summary>
    Winograd4,

    /// <summary>Per-channel products, no sum over channels.</summary>
    Depthwise,
}

/// <summary>How weights lie in the shared block.</summary>
public enum WeightPacking
{
    /// <summary>[output channel][kernel row][run][code of the run]: one signed byte each, runs as long as they are.</summary>
    Rows,

    /// <summary>
    /// [block of 16 output channels][kernel row][run][step of four codes][16][4], signed bytes; what sticks out of channels or runs is zero. One
    /// layout serves all vector widths, since a tile finds the blocks at literal distances. <see cref="KernelFamily.Widen"/> has int16 instead, those of the
    /// even codes of a step, [16][2], before those of the odd ones.
    /// </summary>
    Interleaved4,

    /// <summary>[block of 16 channels][pair of kernel rows][kernel column][16][2], int16, for depthwise kernels.</summary>
    TapMajor,

    /// <summary>Transformed int16 weights, [block of 16 output channels][position][pair of input channels][16][2].</summary>
    Winograd4,
}

/// <summary>The kernel of a step on one instruction-set tier.</summary>
/// <param name="Tier">Tier.</param>
/// <param name="Family">Family.</param>
/// <param name="Packing">Weight layout.</param>
/// <param name="BlockChannels">Output channels of a tile: 16 or 32.</param>
/// <param name="TilePixels">Output pixels of a tile.</param>
/// <param name="Window">Steps between spills for <see cref="KernelFamily.Maddubs16"/>, steps per sum for <see cref="KernelFamily.Tree"/>, else 0.</param>
public sealed record KernelChoice(
    InstructionSet Tier, KernelFamily Family, WeightPacking Packing, int BlockChannels, int TilePixels, int Window)
{
    /// <summary>The kernel that exists for every layer.</summary>
    public static KernelChoice Scalar { get; } = new(InstructionSet.Scalar, KernelFamily.Scalar, WeightPacking.Rows, 1, 1, 0);
}

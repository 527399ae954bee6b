namespace Hawq.Gpu;

/// <summary>Kinds of kernels that are generated for a network.</summary>
public enum KernelKind
{
    /// <summary>Inline PTX for NVIDIA sm_75 and later: integer tensor cores.</summary>
    Cuda,

    /// <summary>Plain C#, for OpenCL devices and ILGPU's CPU accelerator.</summary>
    Portable,
}

/// <summary>
/// A network as kernel launches, in the order in which they run. Generated code makes it; <see cref="GpuNetwork{T}"/> runs it, and so does
/// everything that wants to look at it (offline PTX, tests).
/// </summary>
/// <param name="Kind">What the kernels need.</param>
/// <param name="Kernels">The class that holds them.</param>
/// <param name="WeightsResource">Embedded resource with the weights, in the assembly of <paramref name="Kernels"/>.</param>
/// <param name="WeightsLength">Its length in bytes.</param>
/// <param name="Linears">Weights and per-channel constants of the layers that have them.</param>
/// <param name="Buffers">Device memory, per image; the first one receives what the caller passes.</param>
/// <param name="Launches">The launches.</param>
/// <param name="Outputs">Indices of the buffers that hold the results.</param>
public sealed record DeviceProgram(
    KernelKind Kind, Type Kernels, string WeightsResource, int WeightsLength, IReadOnlyList<LinearConstants> Linears,
    IReadOnlyList<DeviceBuffer> Buffers, IReadOnlyList<DeviceLaunch> Launches, IReadOnlyList<int> Outputs)
{
    /// <summary>The largest batch: kernels count elements of a tensor in 32 bits.</summary>
    public int MaxBatch => (int)(int.MaxValue / Buffers.Max(buffer => (long)buffer.Pixels * buffer.Stride));

    /// <summary>Codes of one image in the buffer of an output.</summary>
    internal int OutputElements(int output) => Buffers[Outputs[output]].Pixels * Buffers[Outputs[output]].Channels;

    /// <summary>Name of the network.</summary>
    public string Network { get; init; } = "";

    /// <summary>SHA-256 of the text of the kernels, in hexadecimal: tells whether PTX was made from them.</summary>
    public string KernelsSha256 { get; init; } = "";
}

/// <summary>How codes lie in a buffer.</summary>
public enum DeviceElement
{
    /// <summary>Two unsigned codes per byte, low nibble first.</summary>
    U4,

    /// <summary>Unsigned byte.</summary>
    U8,

    /// <summary>Signed byte.</summary>
    S8,

    /// <summary>16 bits, signed.</summary>
    S16,

    /// <summary>32 bits, signed.</summary>
    S32,
}

/// <summary>A tensor in device memory: images one after the other, pixels row by row, channels innermost.</summary>
/// <param name="Name">Tensor.</param>
/// <param name="Element">Storage of a code.</param>
/// <param name="Pixels">Rows x columns of one image.</param>
/// <param name="Channels">Channels that mean something.</param>
/// <param name="Stride">Channels per pixel with padding.</param>
public sealed record DeviceBuffer(string Name, DeviceElement Element, int Pixels, int Channels, int Stride)
{
    /// <summary>Bytes of one image; images are not aligned.</summary>
    public long Bytes => (long)Pixels * Stride * Element switch { DeviceElement.U4 => 1, DeviceElement.S16 => 4, DeviceElement.S32 => 8, _ => 2 } / 2;

    /// <summary>32-bit words of a number of images.</summary>
    public long Words(int images) => ((Bytes * images) + 3) / 4;

    /// <summary>Takes the codes of an image out of its buffer, padding left out.</summary>
    /// <param name="bytes">The whole buffer.</param>
    /// <param name="image">Which image.</param>
    /// <param name="codes">Receives <see cref="Pixels"/> x <see cref="Channels"/> codes.</param>
    public void Read(ReadOnlySpan<byte> bytes, int image, Span<int> codes)
    {
        int next = 0;
        for (int pixel = image * Pixels; pixel < (image + 1) * Pixels; pixel++)
        {
            for (int c = 0; c < Channels; c++)
            {
                int at = (pixel * Stride) + c;
                codes[next++] = Element switch
                {
                    DeviceElement.U4 => (bytes[at >> 1] >> ((at & 1) * 4)) & 15,
                    DeviceElement.U8 => bytes[at],
                    DeviceElement.S8 => (sbyte)bytes[at],
                    DeviceElement.S16 => System.Buffers.Binary.BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * at)..]),
                    _ => System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * at)..]),
                };
            }
        }
    }
}

/// <summary>
/// One launch. The kernel's parameters are: the number of pixels, the first buffer, weights and table where <see cref="Linear"/> and then where <see cref="ShortcutLinear"/> is set,
/// the words of <see cref="Data"/> where there are any, then the other buffers; every view is of 32-bit words.
/// </summary>
/// <param name="Kernel">Name of the method.</param>
/// <param name="Layers">The layers that it computes, for people.</param>
/// <param name="Threads">Threads of a block.</param>
/// <param name="Pixels">Pixels of one image: the kernel receives this times the number of images.</param>
/// <param name="PerPixel">Units of work per pixel.</param>
/// <param name="PerBlock">Units of work of a block, along X.</param>
/// <param name="BlockRows">Blocks along Y.</param>
/// <param name="Buffers">Buffers, by index: the one read first, then the residual, then those written.</param>
public sealed record DeviceLaunch(
    string Kernel, string Layers, int Threads, int Pixels, int PerPixel, int PerBlock, int BlockRows, IReadOnlyList<int> Buffers)
{
    /// <summary>Index of the layer whose weights it reads, or -1.</summary>
    public int Linear { get; init; } = -1;

    /// <summary>How it wants the weights; null without any.</summary>
    public WeightLayout? Layout { get; init; }

    /// <summary>Index of the layer whose result is the residual operand and is computed by this launch too, or -1; its input is the second buffer.</summary>
    public int ShortcutLinear { get; init; } = -1;

    /// <summary>How that one's weights lie; null without it.</summary>
    public WeightLayout? ShortcutLayout { get; init; }

    /// <summary>Blocks that a multiprocessor shall hold at once: the assembler gives a thread no more registers than that allows.</summary>
    public int ResidentBlocks { get; init; } = 1;

    /// <summary>Constant words (tables), or empty.</summary>
    public IReadOnlyList<int> Data { get; init; } = [];

    /// <summary>Blocks along X for a number of images.</summary>
    public int BlockColumns(int images) => checked((int)((((long)images * Pixels * PerPixel) + PerBlock - 1) / PerBlock));
}

using Hawq.Model;

namespace Hawq.Planning.Gpu;

/// <summary>How an activation is stored in device memory.</summary>
public enum GpuElement
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

/// <summary>
/// A tensor in device memory: NHWC, images one after the other, channels padded so that a pixel is a whole number of words (tensor-core
/// inputs: of 16-byte units). What the padding channels hold meets only zero weights.
/// </summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Element">Storage; codes are stored as they are.</param>
/// <param name="Channels">Channels per pixel, padding included.</param>
public sealed record GpuTensor(Tensor Tensor, GpuElement Element, int Channels)
{
    /// <summary>Bits per code.</summary>
    public int ElementBits => Element switch { GpuElement.U4 => 4, GpuElement.S16 => 16, GpuElement.S32 => 32, _ => 8 };

    /// <summary>Bytes of one pixel.</summary>
    public int PixelBytes => Channels * ElementBits / 8;

    /// <summary>Pixels of one image.</summary>
    public int Pixels => Tensor.Shape.Height * Tensor.Shape.Width;

    /// <summary>Bytes of one image.</summary>
    public int Bytes => checked(Pixels * PixelBytes);
}

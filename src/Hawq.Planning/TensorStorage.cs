using Hawq.Model;

namespace Hawq.Planning;

/// <summary>
/// Where a tensor lies in the arena, and how. Layout is NHWC; a pixel is <see cref="PixelStride"/> bytes from the next, a row
/// <see cref="RowStride"/> bytes; the border around the interior holds the stored zero point, written by the step that produces the
/// tensor, so that a padded convolution has no edge cases. A code q is stored as q + <see cref="CodeOffset"/>: every tensor whose
/// codes span at most 256 values is stored as unsigned bytes, because that is what the multiply-add instructions of every
/// instruction set take.
/// </summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Element">Storage element: UInt8, Int16 or Int32.</param>
/// <param name="CodeOffset">Stored value minus code.</param>
/// <param name="Offset">Byte offset in the arena of the interior: row 0, column 0, channel 0.</param>
/// <param name="PixelStride">Bytes from one column to the next; larger than the channels where the tensor is a slice of a joined one.</param>
/// <param name="RowStride">Bytes from one row to the next.</param>
/// <param name="Border">Rows and columns of stored zero points around the interior.</param>
/// <param name="Buffer">Index of the buffer in <see cref="ArenaPlan.Buffers"/> that holds it.</param>
public sealed record TensorStorage(
    Tensor Tensor, ElementType Element, int CodeOffset, int Offset, int PixelStride, int RowStride, Padding Border, int Buffer)
{
    /// <summary>The stored value of real zero: what the border holds, and what a reader subtracts.</summary>
    public int StoredZero => Tensor.ZeroPoint + CodeOffset;

    /// <summary>Smallest stored value.</summary>
    public int StoredLo => Tensor.Lo + CodeOffset;

    /// <summary>Largest stored value.</summary>
    public int StoredHi => Tensor.Hi + CodeOffset;

    /// <summary>Bytes per element.</summary>
    public int ElementSize => SizeOf(Element);

    /// <summary>Whether the interior is one run of bytes without a gap.</summary>
    public bool Dense => PixelStride == Tensor.Shape.Channels * ElementSize
        && (RowStride == Tensor.Shape.Width * PixelStride || Tensor.Shape.Height == 1);

    /// <summary>Whether it is some channels of a joined tensor, whose name it carries.</summary>
    public bool IsPart => PixelStride != Tensor.Shape.Channels * ElementSize;

    /// <summary>Whether there is a border to fill.</summary>
    public bool HasBorder => Border != default;

    /// <summary>Bytes from the start of the buffer to <see cref="Offset"/>, for a tensor that is not a slice.</summary>
    public int InteriorOffset => (Border.Top * RowStride) + (Border.Left * PixelStride);

    /// <summary>Bytes per element of a storage type.</summary>
    public static int SizeOf(ElementType element) => element switch
    {
        ElementType.UInt8 or ElementType.Int8 => 1,
        ElementType.Int16 => 2,
        _ => 4,
    };
}

namespace Hawq.Model;

/// <summary>
/// A tensor of integer codes q in [<paramref name="Lo"/>, <paramref name="Hi"/>]; the real value is
/// <paramref name="Scale"/> * (q - <paramref name="ZeroPoint"/>). The range is the type: every proof and every kernel choice
/// starts from it.
/// </summary>
/// <param name="Name">Unique within the network; the name of the ONNX value it stands for where there is one.</param>
/// <param name="Shape">Height, width, channels.</param>
/// <param name="Bits">Nominal bit-width (4, 8 or 16; 32 for raw accumulators), for reports, BOPS and the ILP; the codes fit in it.</param>
/// <param name="Lo">Smallest code.</param>
/// <param name="Hi">Largest code.</param>
/// <param name="ZeroPoint">The code of real zero, in [Lo, Hi].</param>
/// <param name="Scale">Real step; positive and finite. Provenance and I/O helpers only: inference never reads it.</param>
public sealed record Tensor(string Name, Shape Shape, int Bits, int Lo, int Hi, int ZeroPoint, float Scale)
{
    /// <summary>Whether negative codes exist.</summary>
    public bool Signed => Lo < 0;

    /// <summary>The narrowest element that holds every code.</summary>
    public ElementType Element => (Lo, Hi) switch
    {
        ( >= 0, <= 255) => ElementType.UInt8,
        ( >= -128, <= 127) => ElementType.Int8,
        ( >= -32768, <= 32767) => ElementType.Int16,
        _ => ElementType.Int32,
    };

    /// <summary>The short type used in reports and kernel names: u4, u7, s8, s16, ...: signedness and the bits that the range needs.</summary>
    public string TypeName
    {
        get
        {
            long magnitude = Math.Max(Hi, -(long)Lo - 1);
            int bits = 0;
            while (magnitude >> bits != 0)
            {
                bits++;
            }

            return Signed ? $"s{bits + 1}" : $"u{Math.Max(bits, 1)}";
        }
    }
}

/// <summary>Storage element of a tensor.</summary>
public enum ElementType
{
    /// <summary>Unsigned byte.</summary>
    UInt8,

    /// <summary>Signed byte.</summary>
    Int8,

    /// <summary>Signed 16-bit integer.</summary>
    Int16,

    /// <summary>Signed 32-bit integer.</summary>
    Int32,
}

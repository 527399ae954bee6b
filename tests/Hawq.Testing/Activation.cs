using Hawq.Model;

namespace Hawq.Testing;

/// <summary>The code range of a tensor that <see cref="NetworkBuilder"/> makes.</summary>
/// <param name="Bits">Nominal bit-width.</param>
/// <param name="Lo">Smallest code.</param>
/// <param name="Hi">Largest code.</param>
/// <param name="ZeroPoint">Code of zero.</param>
public sealed record Activation(int Bits, int Lo, int Hi, int ZeroPoint = 0)
{
    /// <summary>Four bits after a ReLU.</summary>
    public static Activation U4 { get; } = new(4, 0, 15);

    /// <summary>HAWQ-V3's eight bits after a ReLU: [0, 127].</summary>
    public static Activation U7 { get; } = new(8, 0, 127);

    /// <summary>All eight bits after a ReLU.</summary>
    public static Activation U8 { get; } = new(8, 0, 255);

    /// <summary>Eight bits with the zero point of an imported quantized model.</summary>
    public static Activation U8Asymmetric { get; } = new(8, 0, 255, 113);

    /// <summary>Four bits, symmetric.</summary>
    public static Activation S4 { get; } = new(4, -7, 7);

    /// <summary>Eight bits, symmetric.</summary>
    public static Activation S8 { get; } = new(8, -127, 127);

    /// <summary>All codes of a signed byte.</summary>
    public static Activation S8Full { get; } = new(8, -128, 127);

    /// <summary>Sixteen bits, symmetric: logits.</summary>
    public static Activation S16 { get; } = new(16, -32767, 32767);

    /// <summary>The 16-bit residual grid after a ReLU: [0, 32767].</summary>
    public static Activation Residual { get; } = new(16, 0, 32767);

    /// <summary>The 32-bit branch of a residual addition, as wide as its accumulators can make it: nothing is clamped.</summary>
    public static Activation Branch { get; } = new(32, 0, 0);

    /// <summary>All of the above.</summary>
    public static IReadOnlyList<Activation> All { get; } = [U4, U7, U8, U8Asymmetric, S4, S8, S8Full, S16, Residual, Branch];

    /// <summary>Largest distance of a code from zero.</summary>
    public int Magnitude => Math.Max(Hi - ZeroPoint, ZeroPoint - Lo);

    internal Tensor Tensor(string name, Shape shape, float scale) => new(name, shape, Bits, Lo, Hi, ZeroPoint, scale);
}

/// <summary>How <see cref="NetworkBuilder"/> draws weights.</summary>
public enum WeightPattern
{
    /// <summary>Uniform over all codes.</summary>
    Uniform,

    /// <summary>Bell-shaped, like trained weights: most are small, a few reach the end of the range.</summary>
    Bell,

    /// <summary>Only the largest and the smallest code.</summary>
    Extreme,
}

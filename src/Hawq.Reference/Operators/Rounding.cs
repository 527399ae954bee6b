using Hawq.Model;

namespace Hawq.Reference;

internal static class Rounding
{
    /// <summary>The dyadic product of a value relative to zero, rounded half up to an int32.</summary>
    public static int Scale(int value, Dyadic dyadic) => checked((int)dyadic.Requantize(value));

    /// <summary>A code of <paramref name="output"/>: the zero point added, then clamped to its range.</summary>
    public static int ToCode(int value, Tensor output) => Math.Clamp(checked(value + output.ZeroPoint), output.Lo, output.Hi);
}

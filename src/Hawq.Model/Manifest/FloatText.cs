using System.Globalization;

namespace Hawq.Model;

/// <summary>float32 as text, the same on every runtime.</summary>
internal static class FloatText
{
    /// <summary>
    /// The shortest of 7, 8 and 9 significant digits that reads back as the same float32. Not the default ToString: .NET Framework, which may
    /// host the compiler, prints fewer digits.
    /// </summary>
    public static string Write(float value)
    {
        foreach (string format in (string[])["G7", "G8"])
        {
            string text = value.ToString(format, CultureInfo.InvariantCulture);
            if (TryParse(text, out float back) && back.Equals(value))
            {
                return text;
            }
        }

        return value.ToString("G9", CultureInfo.InvariantCulture);
    }

    /// <summary>Reads a finite float32.</summary>
    public static bool TryParse(string text, out float value)
    {
        value = 0;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
        {
            return false;
        }

        value = (float)number;
        return !float.IsNaN(value) && !float.IsInfinity(value);
    }
}

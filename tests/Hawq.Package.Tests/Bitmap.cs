namespace Hawq.Package.Tests;

/// <summary>Image files for tests: bitmaps without compression.</summary>
internal static class Bitmap
{
    private const int Header = 54;

    /// <summary>A square image as a .bmp file.</summary>
    /// <param name="pixels">Rows of interleaved RGB bytes.</param>
    /// <param name="side">Height and width; three times it must be divisible by four, so that rows need no filling.</param>
    public static byte[] Encode(ReadOnlySpan<byte> pixels, int side)
    {
        byte[] file = new byte[Header + pixels.Length];
        "BM"u8.CopyTo(file);
        (file[10], file[14], file[18], file[22], file[26], file[28]) = (Header, 40, (byte)side, (byte)side, 1, 24);
        for (int i = 0; i < pixels.Length; i++)
        {
            // Rows from the bottom up, blue first.
            int row = i / (3 * side), column = i / 3 % side, channel = i % 3;
            file[Header + (((side - 1 - row) * side) + column) * 3 + 2 - channel] = pixels[i];
        }

        return file;
    }
}

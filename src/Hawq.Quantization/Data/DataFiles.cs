using Hawq.Model;
using Microsoft.Win32.SafeHandles;

namespace Hawq.Quantization.Data;

/// <summary>File access with this product's errors.</summary>
internal static class DataFiles
{
    /// <summary>Opens for random reading.</summary>
    public static SafeFileHandle Open(string path)
    {
        try
        {
            return File.OpenHandle(path, options: FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HawqException(HawqIds.Data, $"The file cannot be read: {e.Message}", path, innerException: e);
        }
    }

    /// <summary>Refuses a file of more bytes than a file of its kind has.</summary>
    public static void RequireAtMost(string path, long bytes, string kind)
    {
        if (new FileInfo(path).Length > bytes)
        {
            throw new HawqException(HawqIds.Data, $"The file is too long for {kind}: at most {bytes} bytes are read.", path);
        }
    }

    /// <summary>Fills <paramref name="buffer"/> or fails.</summary>
    public static void ReadExactly(SafeFileHandle file, Span<byte> buffer, long offset, string path)
    {
        while (buffer.Length > 0)
        {
            int read = RandomAccess.Read(file, buffer, offset);
            if (read == 0)
            {
                throw new HawqException(HawqIds.Data, $"The file ends too early: {buffer.Length} bytes are missing.", path);
            }

            buffer = buffer[read..];
            offset += read;
        }
    }
}

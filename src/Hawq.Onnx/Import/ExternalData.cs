using System.Globalization;
using Hawq.Model;
using Hawq.Onnx.Schema;

namespace Hawq.Onnx.Import;

/// <summary>Weights outside the model file. The path must stay inside the model's folder: a model from elsewhere must not read other files.</summary>
internal static class ExternalData
{
    public static byte[] Read(TensorProto tensor, string what, string folder, long expectedBytes)
    {
        string? location = Entry(tensor, "location");
        if (string.IsNullOrEmpty(location))
        {
            throw new HawqException(HawqIds.OnnxGraph, $"{what} is stored outside the model, but names no file. Export the model again.");
        }

        string root = Path.GetFullPath(folder.Length == 0 ? "." : folder);
        string file = Path.GetFullPath(Path.Combine(root, location));
        bool isInside = file.StartsWith(Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        if (!isInside || IsLink(root, file))
        {
            throw new HawqException(
                HawqIds.OnnxGraph, $"{what} is stored in '{location}', which lies outside the model's folder or is a link. Put the data file itself beside the model.");
        }

        try
        {
            using FileStream stream = File.OpenRead(file);
            long offset = Number(tensor, "offset", 0, what);
            long length = Number(tensor, "length", expectedBytes, what);
            if (length != expectedBytes || offset > stream.Length - length)
            {
                throw new HawqException(
                    HawqIds.OnnxGraph,
                    $"{what} needs {expectedBytes} bytes at offset {offset} of '{location}', which has {stream.Length}. The data file is damaged or of another model.");
            }

            byte[] bytes = new byte[length];
            stream.Position = offset;
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new HawqException(
                HawqIds.FileAccess, $"{what} is stored in '{location}', which cannot be read: {exception.Message}", innerException: exception);
        }
    }

    /// <summary>Whether the file, or a folder between it and the model's, is a symbolic link, which may lead anywhere.</summary>
    private static bool IsLink(string root, string file)
    {
        for (string? path = file; path is not null && path.Length > root.Length; path = Path.GetDirectoryName(path))
        {
            if (new FileInfo(path).LinkTarget is not null)
            {
                return true;
            }
        }

        return false;
    }

    private static string? Entry(TensorProto tensor, string key) => tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value;

    private static long Number(TensorProto tensor, string key, long otherwise, string what)
    {
        string? text = Entry(tensor, key);
        if (text is null)
        {
            return otherwise;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw new HawqException(HawqIds.OnnxGraph, $"{what} has the external data {key} '{text}', which is not a number. Export the model again.");
    }
}

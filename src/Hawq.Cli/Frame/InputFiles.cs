using Hawq.Model;
using Hawq.Onnx;

namespace Hawq.Cli.Frame;

/// <summary>Opens what the user names, with one clear message where that fails.</summary>
internal static class InputFiles
{
    /// <summary>Whether a file is JSON, by its first character; anything else is taken for ONNX.</summary>
    public static bool IsManifest(string file)
    {
        RequireFile(file);
        using FileStream stream = File.OpenRead(file);
        int value = stream.ReadByte();
        if (value == 0xEF && stream.ReadByte() == 0xBB && stream.ReadByte() == 0xBF)
        {
            value = stream.ReadByte();
        }

        while (value is ' ' or '\t' or '\r' or '\n')
        {
            value = stream.ReadByte();
        }

        return value == '{';
    }

    /// <summary>Reads a manifest and its sidecar; hash, codes and weight facts are checked.</summary>
    public static LoadedNetwork LoadManifest(string file)
    {
        RequireFile(file);
        return ManifestFile.Load(file);
    }

    /// <summary>Imports an ONNX model.</summary>
    public static FloatGraph LoadOnnx(string file)
    {
        RequireFile(file);
        return OnnxImporter.Load(file);
    }

    /// <summary>Refuses a path that is no file, before any library words it in its own way.</summary>
    public static void RequireFile(string file)
    {
        if (!File.Exists(file))
        {
            throw new HawqException(
                HawqIds.FileAccess, Directory.Exists(file) ? "This is a folder; a file is needed." : "There is no such file. Check the path.", file);
        }
    }
}

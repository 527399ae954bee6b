using System.Formats.Tar;
using System.IO.Compression;
using Hawq.Onnx.Import;
using Hawq.Onnx.Schema;

namespace Hawq.Testing.Onnx;

/// <summary>One of ONNX's backend node tests: a model of one operator with inputs and the outputs it must give.</summary>
/// <param name="Name">Name of its folder.</param>
/// <param name="Model">The model's bytes.</param>
/// <param name="Inputs">Serialized input tensors in order.</param>
/// <param name="Outputs">Serialized output tensors in order.</param>
public sealed record OnnxCase(string Name, byte[] Model, IReadOnlyList<byte[]> Inputs, IReadOnlyList<byte[]> Outputs)
{
    /// <summary>Reads all cases of a .tar.gz archive in the order of their names.</summary>
    public static IReadOnlyList<OnnxCase> ReadArchive(string path)
    {
        SortedDictionary<string, SortedDictionary<string, byte[]>> cases = new(StringComparer.Ordinal);
        using FileStream file = File.OpenRead(path);
        using GZipStream zip = new(file, CompressionMode.Decompress);
        using TarReader tar = new(zip);
        while (tar.GetNextEntry() is { } entry)
        {
            string[] parts = entry.Name.Split('/');
            if (entry.DataStream is null || parts.Length < 3)
            {
                continue;
            }

            using MemoryStream content = new();
            entry.DataStream.CopyTo(content);
            if (!cases.TryGetValue(parts[1], out SortedDictionary<string, byte[]>? files))
            {
                cases[parts[1]] = files = new(StringComparer.Ordinal);
            }

            files[string.Join('/', parts[2..])] = content.ToArray();
        }

        return [.. cases.Where(one => one.Value.ContainsKey("model.onnx")).Select(one => Make(one.Key, one.Value))];
    }

    /// <summary>Reads the cases of a folder, a folder each, in the order of their names.</summary>
    public static IReadOnlyList<OnnxCase> ReadFolder(string path) =>
    [
        .. Directory.EnumerateDirectories(path).Order(StringComparer.Ordinal).Where(folder => File.Exists(Path.Combine(folder, "model.onnx"))).Select(folder =>
        {
            SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal);
            foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                files[Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/')] = File.ReadAllBytes(file);
            }

            return Make(Path.GetFileName(folder), files);
        }),
    ];

    private static OnnxCase Make(string name, SortedDictionary<string, byte[]> files) =>
        new(name, files["model.onnx"], Tensors(files, "input_"), Tensors(files, "output_"));

    /// <summary>Elements of a serialized float tensor and its dimensions; null when it is not floating-point.</summary>
    public static (float[] Values, long[] Dims)? Floats(byte[] tensor)
    {
        TensorProto proto = TensorProto.Parser.ParseFrom(tensor);
        return proto.DataType is (int)TensorProto.Types.DataType.Float or (int)TensorProto.Types.DataType.Double or (int)TensorProto.Types.DataType.Float16
            ? (TensorReader.Read(proto, "tensor", "").Floats!, [.. proto.Dims])
            : null;
    }

    private static IReadOnlyList<byte[]> Tensors(SortedDictionary<string, byte[]> files, string prefix)
    {
        List<byte[]> tensors = [];
        while (files.TryGetValue($"test_data_set_0/{prefix}{tensors.Count}.pb", out byte[]? tensor))
        {
            tensors.Add(tensor);
        }

        return tensors;
    }
}

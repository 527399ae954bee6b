using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Hawq.Model;

namespace Hawq.Quantization.Data;

/// <summary>Opens data sets.</summary>
public static class DataSet
{
    /// <summary>
    /// Opens a data set by what it is: a folder of images, a <c>.npy</c> array, or else a CIFAR-10 binary file.
    /// </summary>
    /// <param name="path">File or folder.</param>
    /// <param name="labels">Label array of a .npy set, or null.</param>
    /// <param name="shape">The network's input.</param>
    /// <param name="preprocess">Preset or file, see <see cref="Preprocessing.Load"/>; needed for images.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.Data"/>: see the kinds.</exception>
    public static IDataSet Open(string path, string? labels, Shape shape, string? preprocess)
    {
        if (!Directory.Exists(path) && !File.Exists(path))
        {
            throw new HawqException(HawqIds.Data, "The data set does not exist.", path);
        }

        if (Path.GetExtension(path).Equals(".npy", StringComparison.OrdinalIgnoreCase))
        {
            return new NpyDataSet(path, labels, shape);
        }

        if (labels is not null)
        {
            throw new HawqException(HawqIds.Data, "Only .npy data has a separate label file; a folder of images takes a labels.csv inside it.", labels);
        }

        Preprocess loaded = Preprocessing.Load(
            preprocess ?? throw new HawqException(HawqIds.Data, $"Images need a preprocessing: give --preprocess {string.Join("|", Preprocessing.Presets)} or a JSON file.", path),
            shape.Channels);
        return Open(path, shape, loaded);
    }

    /// <summary>Opens an image set with a preprocessing that is already known (from a manifest).</summary>
    /// <inheritdoc cref="Open(string, string?, Shape, string?)"/>
    public static IDataSet Open(string path, Shape shape, Preprocess preprocess) =>
        Directory.Exists(path) ? new FolderDataSet(path, shape, preprocess) : new Cifar10DataSet(path, shape, preprocess);

    /// <summary>SHA-256 over the first inputs, as the network sees them, and their labels: what results that were kept belong to.</summary>
    /// <param name="data">The set.</param>
    /// <param name="count">How many inputs.</param>
    /// <param name="withLabels">Whether labels count.</param>
    public static string Hash(IDataSet data, int count, bool withLabels)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, data, count, withLabels);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Adds the same to a hash.</summary>
    internal static void Append(IncrementalHash hash, IDataSet data, int count, bool withLabels)
    {
        float[] values = new float[data.Shape.Length];
        for (int i = 0; i < count; i++)
        {
            data.ReadValues(i, values);
            hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
            if (withLabels && data.Labels.Count > i)
            {
                hash.AppendData(BitConverter.GetBytes(data.Labels[i]));
            }
        }
    }
}

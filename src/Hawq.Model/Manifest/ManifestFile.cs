using System.Text;

namespace Hawq.Model;

/// <summary>A network with its weights, as loaded from disk.</summary>
/// <param name="Network">The network.</param>
/// <param name="Weights">Its weights.</param>
public sealed record LoadedNetwork(Network Network, NetworkWeights Weights);

/// <summary>A manifest on disk with its sidecar beside it.</summary>
public static class ManifestFile
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Loads a manifest and its sidecar; checks length, hash, weight codes and facts.</summary>
    /// <param name="path">Path of the manifest.</param>
    /// <exception cref="HawqException">Anything about the two files is wrong; the first error, with its position.</exception>
    public static LoadedNetwork Load(string path)
    {
        string text = ReadText(path);
        ManifestReadResult result = ManifestReader.Read(text, path);
        if (result.Network is not { } network)
        {
            ManifestDiagnostic first = result.Diagnostics[0];
            string more = result.Diagnostics.Count > 1 ? $" ({result.Diagnostics.Count - 1} more.)" : "";
            throw new HawqException(first.Id, first.Message + more, first.File, first.Line, first.Column);
        }

        // The file name is a plain one (NetworkValidator), so the sidecar is beside the manifest.
        string sidecarPath = Path.Combine(FolderOf(path), network.WeightsFile.File);
        NetworkWeights weights = new(ReadSidecar(sidecarPath, network.WeightsFile, path));
        CheckWeights(network, weights, path);
        return new LoadedNetwork(network, weights);
    }

    /// <summary>Writes a manifest and its sidecar: both under temporary names first, then renamed, the sidecar before the manifest (<see cref="WholeFiles"/>).</summary>
    /// <param name="path">Path of the manifest; the sidecar is <see cref="WeightsFile.File"/> beside it.</param>
    /// <param name="network">The network.</param>
    /// <param name="sidecar">Its weights, described by <see cref="Network.WeightsFile"/>.</param>
    /// <exception cref="HawqException">The network is inconsistent, or a file cannot be written; nothing is left behind.</exception>
    public static void Save(string path, Network network, byte[] sidecar)
    {
        if (network.WeightsFile != SidecarBuilder.Describe(network.WeightsFile.File, sidecar))
        {
            throw new HawqException(HawqIds.ManifestSidecar, $"The weights given for {network.Name} are not those that the network describes.", path);
        }

        byte[] text = s_utf8.GetBytes(ManifestWriter.Write(network));
        string sidecarPath = Path.Combine(FolderOf(path), network.WeightsFile.File);
        if (string.Equals(Path.GetFullPath(sidecarPath), Path.GetFullPath(path), StringComparison.OrdinalIgnoreCase))
        {
            throw new HawqException(HawqIds.FileAccess, "The manifest and its weights cannot be one file; give the manifest the extension .hawq.json.", path);
        }

        using WholeFiles files = new();
        files.Add(sidecarPath, sidecar);
        files.Add(path, text);
        files.Commit();
    }

    private static string ReadText(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > ManifestLimits.TextLength })
            {
                throw new HawqException(HawqIds.ManifestSyntax, $"The file is too long for a manifest ({ManifestLimits.TextLength} characters).", path);
            }

            return s_utf8.GetString(File.ReadAllBytes(path));
        }
        catch (DecoderFallbackException e)
        {
            throw new HawqException(HawqIds.ManifestSyntax, "The file is not UTF-8 text; is it a manifest (.hawq.json)?", path, innerException: e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new HawqException(HawqIds.FileAccess, $"The manifest cannot be read: {e.Message}", path, innerException: e);
        }
    }

    private static byte[] ReadSidecar(string sidecarPath, WeightsFile expected, string path)
    {
        byte[] sidecar;
        try
        {
            FileInfo info = new(sidecarPath);
            if (!info.Exists)
            {
                throw new HawqException(HawqIds.ManifestSidecar, $"The weights '{expected.File}' are missing; they must lie beside the manifest.", path);
            }

            if (info.Length != expected.Length)
            {
                throw new HawqException(
                    HawqIds.ManifestSidecar, $"The weights '{expected.File}' have {info.Length} bytes, but the manifest says {expected.Length}: they belong to another manifest, or are damaged.", path);
            }

            sidecar = File.ReadAllBytes(sidecarPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HawqException(HawqIds.FileAccess, $"The weights '{expected.File}' cannot be read: {e.Message}", path, innerException: e);
        }

        return SidecarBuilder.Describe(expected.File, sidecar) == expected
            ? sidecar
            : throw new HawqException(
                HawqIds.ManifestSidecar, $"The SHA-256 of the weights '{expected.File}' is not the manifest's: they belong to another manifest, or are damaged.", path);
    }

    // The proofs rest on the facts, so they are recomputed whenever the weights are at hand.
    private static void CheckWeights(Network network, NetworkWeights weights, string path)
    {
        Dictionary<string, Tensor> tensors = network.Tensors.ToDictionary(tensor => tensor.Name);
        foreach (LinearLayer layer in network.Layers.OfType<LinearLayer>())
        {
            sbyte[] codes = weights.Unpack(layer.Weights);
            if (codes.Any(code => code < -layer.Weights.MaxCode))
            {
                throw new HawqException(HawqIds.ManifestSidecar, $"Layer '{layer.Name}': a weight is below {-layer.Weights.MaxCode}, the smallest of the narrow range.", path);
            }

            if (layer.Weights.Tables is { } tables && !ChannelTables.Pack(layer.Bias, layer.Requantize).SequenceEqual(weights.Sidecar.Skip((int)tables).Take((int)ChannelTables.Bytes(layer.OutputChannels))))
            {
                throw new HawqException(HawqIds.ManifestSidecar, $"Layer '{layer.Name}': bias, multiplier and shift in '{network.WeightsFile.File}' are not those of the manifest; quantize again.", path);
            }

            if (WeightFactsCalculator.Compute(layer, codes, tensors[layer.Input]) != layer.Facts)
            {
                throw new HawqException(HawqIds.ManifestSidecar, $"Layer '{layer.Name}': its facts are not those of its weights; quantize again.", path);
            }
        }
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? ".";
}

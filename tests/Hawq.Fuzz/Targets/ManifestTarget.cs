using System.Security.Cryptography;
using System.Text;
using Hawq.Fuzz.Mutations;
using Hawq.Model;

namespace Hawq.Fuzz.Targets;

/// <summary>
/// A manifest and its sidecar: read as text, and where that is accepted, loaded with a sidecar of which a byte is changed and whose hash the manifest states.
/// An input is the length of the manifest in four bytes, the manifest, the sidecar.
/// </summary>
internal sealed class ManifestTarget : FuzzTarget
{
    private static readonly string s_folder = Directory.CreateTempSubdirectory("hawq-fuzz-").FullName;

    /// <inheritdoc/>
    public override string Name => "manifest";

    /// <inheritdoc/>
    public override byte[] Mutant(Random random)
    {
        (Network network, byte[] sidecar, byte[] manifest) = NetworkSeeds.All[random.Next(NetworkSeeds.All.Count)];
        byte[] text;
        if (random.Next(8) == 0)
        {
            sidecar = (byte[])sidecar.Clone();
            sidecar[random.Next(sidecar.Length)] ^= (byte)(1 << random.Next(8));
            text = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(manifest).Replace(network.WeightsFile.Sha256, Convert.ToHexStringLower(SHA256.HashData(sidecar)), StringComparison.Ordinal));
        }
        else
        {
            text = random.Next(3) == 0 ? ByteMutator.Mutate(manifest, random) : JsonMutator.Mutate(manifest, random);
        }

        return [.. BitConverter.GetBytes(text.Length), .. text, .. sidecar];
    }

    /// <inheritdoc/>
    public override bool Accepts(byte[] input)
    {
        int length = BitConverter.ToInt32(input);
        string text = Encoding.UTF8.GetString(input, 4, length);
        ManifestReadResult result = ManifestReader.Read(text, "net.hawq.json");
        if ((result.Network is null) != result.Diagnostics.Count > 0)
        {
            throw new InvalidOperationException("A network and errors, or neither.");
        }

        if (result.Network is not { } network)
        {
            return false;
        }

        string path = Path.Combine(s_folder, "net.hawq.json");
        string sidecar = Path.Combine(s_folder, network.WeightsFile.File);
        if (Path.GetDirectoryName(Path.GetFullPath(sidecar)) != s_folder)
        {
            throw new InvalidOperationException($"'{network.WeightsFile.File}' leaves the manifest's folder.");
        }

        try
        {
            File.WriteAllBytes(path, input[4..(4 + length)]);
            File.WriteAllBytes(sidecar, input[(4 + length)..]);
            LoadedNetwork loaded = ManifestFile.Load(path);
            if (ManifestReader.Read(ManifestWriter.Write(loaded.Network), path).Network != loaded.Network)
            {
                throw new InvalidOperationException("What is written is not what was read.");
            }

            return true;
        }
        catch (HawqException)
        {
            return false;
        }
        finally
        {
            File.Delete(sidecar);
        }
    }
}

using Hawq.Model;

namespace Hawq.CodeGen.Pipeline;

/// <summary>
/// Compares the sidecar that the build found beside the manifest (its SHA-256 comes with the item) with the one that the manifest
/// describes. The weight facts in the manifest, and so every proof in the generated code, belong to exactly that file.
/// </summary>
internal static class SidecarCheck
{
    /// <summary>
    /// Logical name of the embedded sidecar, the same as in build/Hawq.CodeGen.targets: made from its hash, so that two models of one file
    /// name do not collide and that code and weights which do not belong together cannot meet.
    /// </summary>
    public static string ResourceName(WeightsFile sidecar) => $"Hawq.{sidecar.Sha256}.bin";

    /// <summary>What is wrong, at the line of the manifest that says otherwise; null when the sidecar is the manifest's.</summary>
    public static DiagnosticSpec? Problem(ModelItem item, string text, WeightsFile described)
    {
        string beside = item.BaseName + ".hawq.bin";
        if (described.File != beside)
        {
            return DiagnosticSpec.At(
                HawqIds.ManifestSidecar,
                $"The manifest names the sidecar '{described.File}', and a build takes the file with the manifest's own name, '{beside}'. Give both files the same name and correct this line.",
                item.Path, text, $"\"{described.File}\"");
        }

        if (item.SidecarSha256.Length == 0)
        {
            return DiagnosticSpec.At(
                HawqIds.ManifestSidecar,
                $"The sidecar '{beside}' does not lie beside the manifest. Copy it there; 'hawq quantize' writes both files.",
                item.Path, text, $"\"{described.File}\"");
        }

        return item.SidecarSha256 == described.Sha256
            ? null
            : DiagnosticSpec.At(
                HawqIds.ManifestSidecar,
                $"The sidecar '{beside}' has the SHA-256 {item.SidecarSha256}, and the manifest was written for {described.Sha256}. Take manifest and sidecar from the same run of 'hawq quantize'.",
                item.Path, text, described.Sha256);
    }
}

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Hawq.CodeGen.Pipeline;

/// <summary>One HawqModel item of the project, as the package's targets hand it over (build/Hawq.CodeGen.targets).</summary>
/// <param name="Path">Path of the manifest; used for diagnostics and ordering, never printed into generated code.</param>
/// <param name="ClassName">ClassName metadata, or empty.</param>
/// <param name="Namespace">Namespace metadata, or empty.</param>
/// <param name="RootNamespace">The project's root namespace, or empty.</param>
/// <param name="SidecarSha256">Lower-case SHA-256 of the sidecar beside the manifest; empty when there is no such file.</param>
/// <param name="Gpu">Gpu metadata is true: a second class runs the network on a GPU.</param>
internal sealed record ModelItem(
    string Path, string ClassName, string Namespace, string RootNamespace, string SidecarSha256, bool Gpu = false)
{
    /// <summary>Ending of a manifest's file name.</summary>
    public const string Extension = ".hawq.json";

    /// <summary>File name without folder.</summary>
    public string FileName => System.IO.Path.GetFileName(Path);

    /// <summary>File name without folder and ending.</summary>
    public string BaseName => FileName.EndsWith(Extension, StringComparison.OrdinalIgnoreCase)
        ? FileName.Substring(0, FileName.Length - Extension.Length)
        : System.IO.Path.GetFileNameWithoutExtension(FileName);

    /// <summary>Reads the item's metadata; null for an additional file that is not a HawqModel.</summary>
    public static ModelItem? From(AdditionalText file, AnalyzerConfigOptionsProvider provider)
    {
        AnalyzerConfigOptions options = provider.GetOptions(file);
        return Metadata("HawqModel") != "true"
            ? null
            : new ModelItem(
                file.Path,
                Metadata("HawqClassName"),
                Metadata("HawqNamespace"),
                provider.GlobalOptions.TryGetValue("build_property.RootNamespace", out string? root) ? root.Trim() : "",
                Metadata("HawqSidecarSha256").ToLowerInvariant(),
                string.Equals(Metadata("HawqGpu"), "true", StringComparison.OrdinalIgnoreCase));

        string Metadata(string name) =>
            options.TryGetValue("build_metadata.AdditionalFiles." + name, out string? value) ? value.Trim() : "";
    }
}

/// <summary>A HawqModel item and the text of its manifest.</summary>
/// <param name="Item">The item.</param>
/// <param name="Text">Content of the file; empty when it cannot be read, which the reader reports.</param>
internal sealed record ManifestText(ModelItem Item, string Text);

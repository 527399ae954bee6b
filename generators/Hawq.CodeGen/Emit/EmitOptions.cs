namespace Hawq.CodeGen.Emit;

/// <summary>What the text depends on besides the plan.</summary>
/// <param name="Namespace">Namespace of the generated class, or empty for the global one.</param>
/// <param name="ClassName">Name of the generated class.</param>
/// <param name="ManifestFile">File name (no folder) of the manifest, for the header.</param>
/// <param name="ManifestSha256">Lower-case hexadecimal SHA-256 of the manifest, for the header.</param>
/// <param name="WeightsResource">Logical name of the embedded resource that holds the sidecar.</param>
/// <param name="Public">Whether the class is public rather than internal.</param>
/// <param name="Trace">
/// Whether the class gets a <c>Trace</c> callback, called with the index of every step after it, and a pointer to its arena: how
/// <c>hawq verify</c> compares every tensor in memory. Kernels have the same text either way.
/// </param>
/// <param name="Gpu">Whether the network is also emitted for GPUs.</param>
public sealed record EmitOptions(
    string Namespace, string ClassName, string ManifestFile, string ManifestSha256, string WeightsResource, bool Public = true, bool Trace = false,
    bool Gpu = false)
{
    /// <summary>Version of the tool in headers and attributes.</summary>
    public const string Version = "0.1.0";

    /// <summary>A class name for a network: <c>resnet20-cifar10</c> becomes <c>Resnet20Cifar10</c>.</summary>
    public static string ClassNameFor(string network)
    {
        System.Text.StringBuilder name = new();
        bool upper = true;
        foreach (char c in network)
        {
            if (!char.IsLetterOrDigit(c) || c > 127)
            {
                upper = true;
                continue;
            }

            if (name.Length == 0 && char.IsDigit(c))
            {
                name.Append("Network");
            }

            name.Append(upper ? char.ToUpperInvariant(c) : c);
            upper = false;
        }

        return name.Length == 0 ? "Network" : name.ToString();
    }
}

/// <summary>One generated file.</summary>
/// <param name="HintName">File name, for example <c>Resnet20Cifar10.Kernels.g.cs</c>.</param>
/// <param name="Text">C# text, LF line ends.</param>
/// <param name="Public">Whether it declares what other code may name; the other files hold bodies only.</param>
public sealed record GeneratedFile(string HintName, string Text, bool Public = false);

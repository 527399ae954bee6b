using System.Globalization;
using Hawq.Model;
using Microsoft.CodeAnalysis;

namespace Hawq.CodeGen;

/// <summary>
/// The diagnostics of the generator; AnalyzerReleases.*.md tracks them, docs/diagnostics.md explains each. All are errors: a network that
/// cannot be proven is not emitted. The whole text is the argument, since the manifest reader and the planner write their own messages.
/// </summary>
internal static class Descriptors
{
    private static readonly DiagnosticDescriptor ManifestSyntax = Error(HawqIds.ManifestSyntax, "The manifest is not well-formed JSON");
    private static readonly DiagnosticDescriptor ManifestField = Error(HawqIds.ManifestField, "A manifest field is missing, unknown, repeated or of the wrong kind");
    private static readonly DiagnosticDescriptor ManifestNumber = Error(HawqIds.ManifestNumber, "A manifest number is out of range");
    private static readonly DiagnosticDescriptor ManifestGraph = Error(HawqIds.ManifestGraph, "The manifest's graph is inconsistent");
    private static readonly DiagnosticDescriptor ManifestShape = Error(HawqIds.ManifestShape, "A shape in the manifest does not fit");
    private static readonly DiagnosticDescriptor ManifestSidecar = Error(HawqIds.ManifestSidecar, "The sidecar does not belong to the manifest");
    private static readonly DiagnosticDescriptor ManifestVersion = Error(HawqIds.ManifestVersion, "The manifest's format version is not supported");
    private static readonly DiagnosticDescriptor PlanOverflow = Error(HawqIds.PlanOverflow, "An accumulator cannot be proven to fit");
    private static readonly DiagnosticDescriptor PlanUnsupported = Error(HawqIds.PlanUnsupported, "The planner does not support the layer");
    private static readonly DiagnosticDescriptor Name = Error(HawqIds.GeneratorName, "The class or namespace is not a C# name");
    private static readonly DiagnosticDescriptor Duplicate = Error(HawqIds.GeneratorDuplicate, "Two models declare the same class");
    private static readonly DiagnosticDescriptor Unsafe = Error(HawqIds.GeneratorUnsafe, "Unsafe code is not allowed");
    private static readonly DiagnosticDescriptor Language = Error(HawqIds.GeneratorLanguage, "The C# version is too old");
    private static readonly DiagnosticDescriptor GpuReference = Error(HawqIds.GeneratorGpuReference, "Gpu=\"true\" needs the package Hawq.Gpu");
    private static readonly DiagnosticDescriptor GpuUnsupported = Error(HawqIds.GpuUnsupported, "The layer has no GPU kernel");
    private static readonly DiagnosticDescriptor Bug = Error(HawqIds.GeneratorBug, "The generator failed");

    /// <summary>The descriptor of an id, with a link to its section of the help page.</summary>
    /// <param name="id">One of <see cref="HawqIds"/>.</param>
    /// <param name="helpPage">Path of diagnostics.md on this machine (it lies in the package), or empty: then there is no link.</param>
    public static DiagnosticDescriptor Of(string id, string helpPage)
    {
        DiagnosticDescriptor descriptor = Of(id);
        return Uri.TryCreate(helpPage, UriKind.Absolute, out Uri? page) && page.IsFile
            ? Error(descriptor.Id, descriptor.Title.ToString(CultureInfo.InvariantCulture), $"{page.AbsoluteUri}#{descriptor.Id.ToLowerInvariant()}")
            : descriptor;
    }

    /// <summary>The descriptor of an id; an id that is not a diagnostic of the generator is a bug and comes out as one.</summary>
    public static DiagnosticDescriptor Of(string id) => id switch
    {
        HawqIds.ManifestSyntax => ManifestSyntax,
        HawqIds.ManifestField => ManifestField,
        HawqIds.ManifestNumber => ManifestNumber,
        HawqIds.ManifestGraph => ManifestGraph,
        HawqIds.ManifestShape => ManifestShape,
        HawqIds.ManifestSidecar => ManifestSidecar,
        HawqIds.ManifestVersion => ManifestVersion,
        HawqIds.PlanOverflow => PlanOverflow,
        HawqIds.PlanUnsupported => PlanUnsupported,
        HawqIds.GeneratorName => Name,
        HawqIds.GeneratorDuplicate => Duplicate,
        HawqIds.GeneratorUnsafe => Unsafe,
        HawqIds.GeneratorLanguage => Language,
        HawqIds.GeneratorGpuReference => GpuReference,
        HawqIds.GpuUnsupported => GpuUnsupported,
        _ => Bug,
    };

    private static DiagnosticDescriptor Error(string id, string title, string link = "") =>
        new(id, title, "{0}", "Hawq", DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: link);
}

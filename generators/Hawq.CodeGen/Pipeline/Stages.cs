using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Pipeline;

/// <summary>
/// The work of the generator, a function per stage; everything around them is caching and error handling. Tests put other
/// functions in to see what a failing or cancelled stage does.
/// </summary>
/// <param name="Read">Text and path of a manifest to a network, or to what is wrong with it.</param>
/// <param name="Plan">Network to plan; a <see cref="HawqException"/> is the user's problem, anything else a bug.</param>
/// <param name="EmitClass">Plan to the text of the public class.</param>
/// <param name="EmitKernels">Plan to the text of the kernels.</param>
internal sealed record Stages(
    Func<string, string, ReadResult> Read,
    Func<Network, NetworkPlan> Plan,
    Func<NetworkPlan, EmitTarget, string> EmitClass,
    Func<NetworkPlan, EmitTarget, string> EmitKernels);

/// <summary>What a file is emitted for.</summary>
/// <param name="Name">Namespace and class.</param>
/// <param name="ManifestFile">File name of the manifest, for the header.</param>
/// <param name="ManifestSha256">SHA-256 of the manifest, for the header of the class; empty for the kernels, which do not depend on it.</param>
internal sealed record EmitTarget(ModelName Name, string ManifestFile, string ManifestSha256);

/// <summary>What the manifest reader says.</summary>
/// <param name="Network">The network, or null.</param>
/// <param name="Diagnostics">What is wrong; empty when there is a network.</param>
internal sealed record ReadResult(Network? Network, EquatableArray<DiagnosticSpec> Diagnostics);

/// <summary>A manifest after reading.</summary>
/// <param name="Item">Its item.</param>
/// <param name="Sha256">Lower-case SHA-256 of its text as UTF-8.</param>
/// <param name="Network">The network, or null when there are diagnostics.</param>
/// <param name="Diagnostics">What is wrong.</param>
internal sealed record ReadModel(ModelItem Item, string Sha256, Network? Network, EquatableArray<DiagnosticSpec> Diagnostics);

/// <summary>A network and where it came from, without the manifest's hash: white space in a manifest changes nothing here.</summary>
/// <param name="Item">Its item.</param>
/// <param name="Network">The network, or null when reading failed.</param>
internal sealed record NetworkModel(ModelItem Item, Network? Network);

/// <summary>A network after planning.</summary>
/// <param name="Item">Its item.</param>
/// <param name="Plan">The plan, or null when reading or planning failed.</param>
/// <param name="Diagnostics">What is wrong with the plan.</param>
internal sealed record PlannedModel(ModelItem Item, NetworkPlan? Plan, EquatableArray<DiagnosticSpec> Diagnostics);

/// <summary>One generated file, or why there is none.</summary>
/// <param name="HintName">File name.</param>
/// <param name="Text">Content; null when <paramref name="Failure"/> says why.</param>
/// <param name="Failure">What went wrong, or null.</param>
internal sealed record EmittedFile(string HintName, string? Text, DiagnosticSpec? Failure);

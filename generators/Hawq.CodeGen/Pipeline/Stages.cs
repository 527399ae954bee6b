using Hawq.CodeGen.Emit;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Pipeline;

/// <summary>
/// The work of the generator, a function per stage; everything around them is caching and error handling. Tests put other
/// functions in to see what a failing or cancelled stage does.
/// </summary>
/// <param name="Read">Text and path of a manifest to a network, or to what is wrong with it.</param>
/// <param name="Plan">Network to plan; a <see cref="HawqException"/> is the user's problem, anything else a bug.</param>
/// <param name="Emit">Plan to files.</param>
internal sealed record Stages(
    Func<string, string, ManifestReadResult> Read,
    Func<Network, NetworkPlan> Plan,
    Func<NetworkPlan, EmitOptions, IReadOnlyList<GeneratedFile>> Emit);

/// <summary>A manifest after reading.</summary>
/// <param name="Source">Its item and its text, in which later stages find the layers that they refuse.</param>
/// <param name="Sha256">Lower-case SHA-256 of its text as UTF-8.</param>
/// <param name="Network">The network, or null when there are diagnostics.</param>
/// <param name="Diagnostics">What is wrong.</param>
internal sealed record ReadModel(ManifestText Source, string Sha256, Network? Network, EquatableArray<DiagnosticSpec> Diagnostics);

/// <summary>A network after planning.</summary>
/// <param name="Source">Its item and its text.</param>
/// <param name="Sha256">Lower-case SHA-256 of the manifest.</param>
/// <param name="Plan">The plan, or null when reading or planning failed.</param>
/// <param name="Diagnostics">What is wrong with the plan.</param>
internal sealed record PlannedModel(ManifestText Source, string Sha256, NetworkPlan? Plan, EquatableArray<DiagnosticSpec> Diagnostics);

/// <summary>The text of a network.</summary>
/// <param name="Files">File names, unique in the project, and texts. Empty when there is none.</param>
/// <param name="Diagnostics">What went wrong.</param>
internal sealed record EmittedModel(EquatableArray<GeneratedFile> Files, EquatableArray<DiagnosticSpec> Diagnostics);

namespace Hawq.CodeGen;

/// <summary>
/// Names of the steps of <see cref="HawqGenerator"/>, for tests that assert which step runs again after which edit, and for
/// anyone who looks at a trace.
/// </summary>
public static class HawqGeneratorSteps
{
    /// <summary>One HawqModel item with the text of its manifest. Runs again when the file or its metadata changes.</summary>
    public const string Manifest = "HawqManifest";

    /// <summary>The project's settings that matter: unsafe code, C# version.</summary>
    public const string Project = "HawqProject";

    /// <summary>Namespace, class and file names of all models, made unique together.</summary>
    public const string Names = "HawqNames";

    /// <summary>The manifest's text read and validated: a network, or what is wrong with it.</summary>
    public const string Read = "HawqRead";

    /// <summary>The network alone. Unchanged when only white space of the manifest changed, so nothing below it runs.</summary>
    public const string Network = "HawqNetwork";

    /// <summary>The network planned: fused steps, kernels, proofs, arena.</summary>
    public const string Plan = "HawqPlan";

    /// <summary>The text of the public class.</summary>
    public const string ClassFile = "HawqClassFile";

    /// <summary>The text of the kernels.</summary>
    public const string KernelsFile = "HawqKernelsFile";

    /// <summary>Everything to report.</summary>
    public const string Diagnostics = "HawqDiagnostics";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Manifest, Project, Names, Read, Network, Plan, ClassFile, KernelsFile, Diagnostics];
}

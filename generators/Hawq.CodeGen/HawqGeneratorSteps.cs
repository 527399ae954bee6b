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

    /// <summary>The network planned: fused steps, kernels, proofs, arena.</summary>
    public const string Plan = "HawqPlan";

    /// <summary>The plan printed.</summary>
    public const string Emit = "HawqEmit";

    /// <summary>The file of the public class, with the manifest's hash in its header.</summary>
    public const string ClassFile = "HawqClassFile";

    /// <summary>The files of kernels and weights. They do not depend on the white space of the manifest.</summary>
    public const string KernelFiles = "HawqKernelFiles";

    /// <summary>Everything to report.</summary>
    public const string Diagnostics = "HawqDiagnostics";

    /// <summary>All of them, in the order of the data.</summary>
    public static IReadOnlyList<string> All { get; } = [Manifest, Project, Names, Read, Plan, Emit, ClassFile, KernelFiles, Diagnostics];
}

using Hawq.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Hawq.CodeGen.Pipeline;

/// <summary>All that the generator takes from the compilation.</summary>
/// <param name="AllowUnsafe">Whether unsafe code compiles.</param>
/// <param name="Language">The project's C# version.</param>
/// <param name="HasGpuHost">Whether the project references Hawq.Gpu.</param>
internal sealed record ProjectFacts(bool AllowUnsafe, LanguageVersion Language, bool HasGpuHost = false)
{
    /// <summary>The oldest C# that generated code compiles with (collection expressions over constant data).</summary>
    public const LanguageVersion OldestLanguage = LanguageVersion.CSharp12;

    /// <summary>Reads the facts.</summary>
    public static ProjectFacts From(Compilation compilation) => new(
        compilation.Options is CSharpCompilationOptions { AllowUnsafe: true },
        (compilation as CSharpCompilation)?.LanguageVersion ?? LanguageVersion.Default,
        compilation.GetTypeByMetadataName("Hawq.Gpu.DeviceProgram") is not null);

    /// <summary>What keeps generated code from compiling in the project, or null.</summary>
    public DiagnosticSpec? Problem() =>
        !AllowUnsafe
            ? new DiagnosticSpec(
                HawqIds.GeneratorUnsafe,
                "The kernels of a generated network use pointers. Set <AllowUnsafeBlocks>true</AllowUnsafeBlocks> in the project that holds the HawqModel item.",
                null)
            : Language.MapSpecifiedToEffectiveVersion() < OldestLanguage
                ? new DiagnosticSpec(
                    HawqIds.GeneratorLanguage,
                    $"Generated networks need C# {OldestLanguage.ToDisplayString()} or later, the project uses {Language.ToDisplayString()}. Remove LangVersion or raise it.",
                    null)
                : null;
}

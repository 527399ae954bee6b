using System.Text;
using Hawq.CodeGen.Emit;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Hawq.Compilation;

/// <summary>Compiles generated files as a user's Release build would.</summary>
internal static class InMemoryCompiler
{
    private const int MaxReported = 10;

    private static readonly Lazy<MetadataReference[]> References = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path))]);

    public static byte[] Compile(
        IReadOnlyList<GeneratedFile> files, EmitOptions emit, byte[] sidecar, CompilationOptions options, IEnumerable<string>? references = null,
        IReadOnlyDictionary<string, string>? resources = null)
    {
        CSharpParseOptions parse = new(LanguageVersion.CSharp14);
        CSharpCompilation compilation = CSharpCompilation.Create(
            emit.ClassName,
            files.Select(file => CSharpSyntaxTree.ParseText(file.Text, parse, file.HintName)),
            References.Value.Concat((references ?? []).Select(path => MetadataReference.CreateFromFile(path))),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true, checkOverflow: options.CheckOverflow,
                deterministic: true, nullableContextOptions: NullableContextOptions.Enable,
                generalDiagnosticOption: options.WarningsAsErrors ? ReportDiagnostic.Error : ReportDiagnostic.Default));
        using MemoryStream image = new();
        List<ResourceDescription> embedded = [new(emit.WeightsResource, () => new MemoryStream(sidecar), isPublic: true)];
        embedded.AddRange((resources ?? new Dictionary<string, string>()).Select(
            resource => new ResourceDescription(resource.Key, () => new MemoryStream(Encoding.UTF8.GetBytes(resource.Value)), isPublic: true)));
        Microsoft.CodeAnalysis.Emit.EmitResult result = compilation.Emit(image, manifestResources: embedded);
        if (!result.Success)
        {
            throw new GeneratedCodeException(Report(result.Diagnostics));
        }

        return image.ToArray();
    }

    private static string Report(IEnumerable<Diagnostic> diagnostics)
    {
        Diagnostic[] errors = [.. diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)];
        IEnumerable<string> lines = errors.Take(MaxReported).Select(error =>
        {
            int line = error.Location.GetLineSpan().StartLinePosition.Line;
            string? text = error.Location.SourceTree?.GetText().Lines[line].ToString().Trim();
            return $"{error}\n    {text}";
        });
        return $"The generated code does not compile ({errors.Length} errors); please report this as a bug of Hawq.CodeGen.\n{string.Join('\n', lines)}";
    }
}

using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Hawq.CodeGen;
using Hawq.CodeGen.Emit;
using Hawq.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Hawq.Cli.Generation;

/// <summary>Runs the source generator itself outside a build: what it returns is what a build adds to the project, to the byte.</summary>
internal static class GeneratorHost
{
    private const string SidecarEnding = ".bin";

    /// <summary>The generated files of one manifest.</summary>
    /// <param name="manifest">Path of the manifest; its sidecar lies beside it.</param>
    /// <param name="className">Class name, or empty for the one made from the file name.</param>
    /// <param name="space">Namespace, or empty for the global one.</param>
    /// <param name="cancellation">Stops the generator.</param>
    /// <exception cref="HawqException">The first error that the generator reports, with its position in the manifest.</exception>
    public static IReadOnlyList<GeneratedFile> Run(string manifest, string className, string space, CancellationToken cancellation)
    {
        CSharpParseOptions parse = new(LanguageVersion.CSharp14);
        CSharpCompilation project = CSharpCompilation.Create("Project", options: new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        ManifestFile file = new(manifest);
        ItemOptions options = new(new Dictionary<string, string>
        {
            ["build_metadata.AdditionalFiles.HawqModel"] = "true",
            ["build_metadata.AdditionalFiles.HawqClassName"] = className,
            ["build_metadata.AdditionalFiles.HawqNamespace"] = space,
            ["build_metadata.AdditionalFiles.HawqSidecarSha256"] = SidecarHash(manifest),
        });
        GeneratorDriver driver = CSharpGeneratorDriver
            .Create([new HawqGenerator().AsSourceGenerator()], [file], parse, options)
            .RunGenerators(project, cancellation);
        GeneratorDriverRunResult result = driver.GetRunResult();
        foreach (Diagnostic diagnostic in result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error))
        {
            FileLinePositionSpan span = diagnostic.Location.GetLineSpan();
            LinePosition start = span.StartLinePosition;
            bool located = diagnostic.Location != Location.None;
            throw new HawqException(
                diagnostic.Id, diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture), manifest, located ? start.Line + 1 : 0, located ? start.Character + 1 : 0);
        }

        return [.. result.Results.Single().GeneratedSources.Select(source => new GeneratedFile(source.HintName, source.SourceText.ToString()))];
    }

    private static string SidecarHash(string manifest)
    {
        string sidecar = Path.ChangeExtension(manifest, SidecarEnding);
        return File.Exists(sidecar) ? Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(sidecar))) : "";
    }

    /// <summary>The manifest as an AdditionalFiles item.</summary>
    private sealed class ManifestFile(string path) : AdditionalText
    {
        private readonly SourceText _text = SourceText.From(File.ReadAllText(path), Encoding.UTF8);

        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => _text;
    }

    /// <summary>The item's metadata.</summary>
    private sealed class ItemOptions(IReadOnlyDictionary<string, string> values) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Values(ImmutableDictionary<string, string>.Empty);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => new Values(values);
    }

    private sealed class Values(IReadOnlyDictionary<string, string> values) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value) => values.TryGetValue(key, out value);
    }
}

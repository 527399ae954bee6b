using System.Collections.Immutable;
using System.Diagnostics;
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
    private const int Repeats = 5;
    private const int Keystrokes = 50;
    private static readonly CSharpParseOptions s_parse = new(LanguageVersion.CSharp14);

    /// <summary>The generated files of one manifest.</summary>
    /// <param name="manifest">Path of the manifest; its sidecar lies beside it.</param>
    /// <param name="className">Class name, or empty for the one made from the file name.</param>
    /// <param name="space">Namespace, or empty for the global one.</param>
    /// <param name="cancellation">Stops the generator.</param>
    /// <exception cref="HawqException">The first error that the generator reports, with its position in the manifest.</exception>
    public static IReadOnlyList<GeneratedFile> Run(string manifest, string className, string space, CancellationToken cancellation)
    {
        GeneratorDriverRunResult result = Driver(manifest, className, space).RunGenerators(Project(""), cancellation).GetRunResult();
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

    /// <summary>What the generator costs an IDE.</summary>
    public static GeneratorTimes Time(string manifest, CancellationToken cancellation)
    {
        GeneratorDriver driver = Driver(manifest, "", "");
        TimeSpan first = Timed(() => driver = driver.RunGenerators(Project(""), cancellation));
        IEnumerable<TimeSpan> again = Enumerable.Range(0, Repeats).Select(_ => Driver(manifest, "", "")).Select(fresh => Timed(() => fresh.RunGenerators(Project(""), cancellation)));
        IEnumerable<TimeSpan> typing = Enumerable.Range(0, Keystrokes).Select(i => Project($"class Elsewhere {{ int x{i}; }}"))
            .Select(project => Timed(() => driver = driver.RunGenerators(project, cancellation)));
        return new GeneratorTimes(first, Median(again), Median(typing));

        static TimeSpan Timed(Action action)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            return Stopwatch.GetElapsedTime(start);
        }

        static TimeSpan Median(IEnumerable<TimeSpan> times)
        {
            TimeSpan[] sorted = [.. times.Order()];
            return sorted[sorted.Length / 2];
        }
    }

    private static CSharpCompilation Project(string source) => CSharpCompilation.Create(
        "Project", [CSharpSyntaxTree.ParseText(source, s_parse)], options: new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));

    private static GeneratorDriver Driver(string manifest, string className, string space)
    {
        ManifestFile file = new(manifest);
        ItemOptions options = new(new Dictionary<string, string>
        {
            ["build_metadata.AdditionalFiles.HawqModel"] = "true",
            ["build_metadata.AdditionalFiles.HawqClassName"] = className,
            ["build_metadata.AdditionalFiles.HawqNamespace"] = space,
            ["build_metadata.AdditionalFiles.HawqSidecarSha256"] = SidecarHash(manifest),
        });
        return CSharpGeneratorDriver.Create([new HawqGenerator().AsSourceGenerator()], [file], s_parse, options);
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

/// <summary>What the generator costs an IDE.</summary>
/// <param name="First">First run in this process: with the JIT's work on the generator, as in a build or an IDE that has just started.</param>
/// <param name="Again">Median of further runs from nothing, as after every change of the manifest.</param>
/// <param name="Typing">Median of runs after an edit elsewhere in the project.</param>
internal sealed record GeneratorTimes(TimeSpan First, TimeSpan Again, TimeSpan Typing);

using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Basic.Reference.Assemblies;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Hawq.CodeGen.Tests.Generator;

/// <summary>A HawqModel item as the package's targets would hand it to the compiler.</summary>
internal sealed class Manifest(string path, string text, params (string Name, string Value)[] metadata) : AdditionalText
{
    public override string Path { get; } = path;

    public string Text { get; } = text;

    public IReadOnlyDictionary<string, string> Metadata { get; init; } =
        metadata.Prepend(("HawqModel", "true")).ToDictionary(pair => "build_metadata.AdditionalFiles." + pair.Item1, pair => pair.Item2);

    public Manifest With(string text) => new(Path, text, [.. Metadata.Select(pair => (pair.Key.Split('.')[^1], pair.Value)).Where(pair => pair.Item1 != "HawqModel")]);

    public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(Text, Encoding.UTF8);
}

/// <summary>Runs the generator as a compiler does.</summary>
internal static class GeneratorHarness
{
    public static readonly CSharpParseOptions Parsing = new(LanguageVersion.CSharp14);

    public static CSharpCompilation Project(params string[] sources) => CSharpCompilation.Create(
        "Consumer",
        sources.Select((source, i) => CSharpSyntaxTree.ParseText(source, Parsing, $"Source{i}.cs")),
        Net100.References.All,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));

    public static GeneratorDriver Driver(HawqGenerator generator, params Manifest[] manifests) => CSharpGeneratorDriver.Create(
        [generator.AsSourceGenerator()],
        manifests,
        Parsing,
        new ManifestOptions(manifests, "Consumer"),
        new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    /// <summary>Replaces the manifests of a driver; the options object stays the same unless metadata changed, as in a host.</summary>
    public static GeneratorDriver WithManifests(this GeneratorDriver driver, Manifest[] before, Manifest[] next)
    {
        driver = driver.ReplaceAdditionalTexts([.. next]);
        return Settings(before).SequenceEqual(Settings(next)) ? driver : driver.WithUpdatedAnalyzerConfigOptions(new ManifestOptions(next, "Consumer"));

        static IEnumerable<string> Settings(Manifest[] manifests) =>
            manifests.SelectMany(manifest => manifest.Metadata.Select(pair => $"{manifest.Path} {pair.Key} {pair.Value}")).Order(StringComparer.Ordinal);
    }

    public static GeneratorRunResult Result(this GeneratorDriver driver) => driver.GetRunResult().Results.Single();

    /// <summary>Ids and positions of what was reported, for example <c>HAWQ0006 a.hawq.json(3,5)</c>.</summary>
    public static IEnumerable<string> Reports(this GeneratorRunResult result) => result.Diagnostics.Select(diagnostic =>
        diagnostic.Location == Location.None
            ? diagnostic.Id
            : $"{diagnostic.Id} {Path.GetFileName(diagnostic.Location.GetLineSpan().Path)}({diagnostic.Location.GetLineSpan().StartLinePosition.Line + 1},{diagnostic.Location.GetLineSpan().StartLinePosition.Character + 1})");

    private sealed class ManifestOptions(IEnumerable<Manifest> manifests, string rootNamespace) : AnalyzerConfigOptionsProvider
    {
        private readonly Dictionary<string, Options> _files = manifests.ToDictionary(manifest => manifest.Path, manifest => new Options(manifest.Metadata));

        public override AnalyzerConfigOptions GlobalOptions { get; } =
            new Options(new Dictionary<string, string> { ["build_property.RootNamespace"] = rootNamespace });

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => Options.None;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => _files.GetValueOrDefault(textFile.Path, Options.None);
    }

    private sealed class Options(IReadOnlyDictionary<string, string> values) : AnalyzerConfigOptions
    {
        public static readonly Options None = new(ImmutableDictionary<string, string>.Empty);

        public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value) => values.TryGetValue(key, out value);
    }
}

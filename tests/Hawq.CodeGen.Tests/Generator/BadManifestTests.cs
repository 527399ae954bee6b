using System.Globalization;
using Hawq.CodeGen.Pipeline;
using Hawq.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Hawq.CodeGen.Tests.Generator;

/// <summary>What is wrong in a manifest is reported at its place; what is hostile in it stays text.</summary>
public sealed class BadManifestTests
{
    private const string Path = "/p/net.hawq.json";
    private static readonly Manifest Good = TestModels.Manifest(Path);

    [Theory]
    [InlineData("", "HAWQ0001", "")]
    [InlineData("{ \"format\": ", "HAWQ0001", "")]
    [InlineData("\"format\": \"hawq/1\"", "HAWQ0001", "")]
    [InlineData("{}", "HAWQ0002", "format")]
    [InlineData("[]", "HAWQ0002", "")]
    public void Text_that_is_no_manifest_is_reported(string text, string id, string mentions)
    {
        GeneratorRunResult result = Run(Good.With(text));

        Assert.Equal(id, Assert.Single(result.Diagnostics).Id);
        Assert.Contains(mentions, result.Diagnostics[0].GetMessage(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        Assert.Empty(result.GeneratedSources);
    }

    [Theory]
    [InlineData("\"hawq/1\"", "\"hawq/9\"", "HAWQ0007")]
    [InlineData("\"outputs\":", "\"exits\":", "HAWQ0002")]
    [InlineData("\"zeroPoint\": 0", "\"zeroPoint\": 99999", "HAWQ0003")]
    [InlineData("\"op\": \"conv\"", "\"op\": \"conv9\"", "HAWQ0002")]
    public void Wrong_value_is_reported_at_its_line(string find, string replace, string id)
    {
        int offset = Good.Text.IndexOf(find, StringComparison.Ordinal);
        Assert.True(offset >= 0, $"The manifest has no {find}.");
        int line = Good.Text.Take(offset).Count(c => c == '\n') + 1;

        GeneratorRunResult result = Run(Good.With(Good.Text.Remove(offset, find.Length).Insert(offset, replace)));

        Assert.Contains(result.Diagnostics, diagnostic => diagnostic.Id == id && diagnostic.Location.GetLineSpan() is var span
            && span.Path == Path && span.StartLinePosition.Line + 1 == line);
        Assert.Empty(result.GeneratedSources);
    }

    [Fact]
    public void Layer_that_cannot_be_planned_is_reported_at_its_line()
    {
        string layer = TestModels.Network().Layers[1].Name;
        Stages stages = TestModels.Stages with { Plan = _ => throw new HawqException(HawqIds.PlanOverflow, "no") { Layer = layer } };

        Diagnostic problem = Assert.Single(GeneratorHarness.Driver(new HawqGenerator(stages), Good).RunGenerators(GeneratorHarness.Project()).Result().Diagnostics);

        Assert.Equal(HawqIds.PlanOverflow, problem.Id);
        Assert.Contains($"\"name\": \"{layer}\"", LineOf(problem), StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_sidecar_is_reported_where_the_manifest_names_it()
    {
        GeneratorRunResult result = Run(Sidecar(""));

        Diagnostic problem = Assert.Single(result.Diagnostics);
        Assert.Equal(HawqIds.ManifestSidecar, problem.Id);
        Assert.Contains("\"net.hawq.bin\"", LineOf(problem), StringComparison.Ordinal);
    }

    [Fact]
    public void Foreign_sidecar_is_reported_where_the_manifest_gives_the_hash()
    {
        GeneratorRunResult result = Run(Sidecar(new string('a', 64)));

        Diagnostic problem = Assert.Single(result.Diagnostics);
        Assert.Equal(HawqIds.ManifestSidecar, problem.Id);
        Assert.Contains("\"sha256\"", LineOf(problem), StringComparison.Ordinal);
    }

    [Fact]
    public void Renamed_manifest_is_told_the_name_of_its_sidecar()
    {
        Manifest renamed = new("/p/other.hawq.json", Good.Text, ("HawqSidecarSha256", TestModels.Network().WeightsFile.Sha256));

        Assert.Contains("'other.hawq.bin'", Assert.Single(Run(renamed).Diagnostics).GetMessage(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_manifest_spares_the_others()
    {
        GeneratorRunResult result = Run(new Manifest("/p/bad.hawq.json", "{"), Good);

        Assert.Equal(["bad.hawq.json"], result.Diagnostics.Select(diagnostic => System.IO.Path.GetFileName(diagnostic.Location.GetLineSpan().Path)));
        Assert.Equal(4, result.GeneratedSources.Length);
    }

    public static TheoryData<string> HostileNames =>
        [
            "*/ class Evil { } /*",
            "\"; class Evil { } //",
            "</summary> class Evil",
            "<script> & ' \\ \\u0022 {0} $\"{Evil()}\"",
            "#endif",
            "class",
            "\u0441lass", // a Cyrillic c
        ];

    [Theory]
    [MemberData(nameof(HostileNames))]
    public void Hostile_names_stay_text(string name)
    {
        GeneratorRunResult result = Run(TestModels.Manifest(Path, Renamed(name)));

        Assert.Empty(result.Diagnostics);
        AssertSameCode(result);
    }

    [Theory]
    [InlineData("line\nclass Evil { }")]
    [InlineData("line\u2028class Evil { }")]
    [InlineData("line\u0085class Evil { }")]
    [InlineData("\u202eclass Evil { }")]
    [InlineData("\0")]
    public void Names_with_invisible_characters_are_refused(string name)
    {
        Manifest manifest = TestModels.Manifest(Path, Renamed("PLACEHOLDER"));
        string escaped = string.Concat(name.Select(c => $"\\u{(int)c:x4}"));

        GeneratorRunResult result = Run(manifest.With(manifest.Text.Replace("PLACEHOLDER", escaped, StringComparison.Ordinal)));

        Assert.NotEmpty(result.Diagnostics);
        Assert.All(result.Diagnostics, diagnostic => Assert.StartsWith("HAWQ00", diagnostic.Id, StringComparison.Ordinal));
        Assert.Empty(result.GeneratedSources);
    }

    [Theory]
    [InlineData("line\nclass Evil { }")]
    [InlineData("line\rclass Evil { }")]
    [InlineData("line\u2028class Evil { }")]
    [InlineData("line\u0085class Evil { }")]
    public void Names_that_get_past_the_reader_are_refused_by_the_emitter(string name)
    {
        // Tools hand the emitter networks that were never a manifest.
        Stages stages = TestModels.Stages with { Read = (_, _) => new ManifestReadResult(Renamed(name) with { WeightsFile = TestModels.Network().WeightsFile with { File = "net.hawq.bin" } }, default) };

        GeneratorRunResult result = GeneratorHarness.Driver(new HawqGenerator(stages), Good).RunGenerators(GeneratorHarness.Project()).Result();

        Assert.Equal(HawqIds.ManifestField, Assert.Single(result.Diagnostics).Id);
        Assert.Empty(result.GeneratedSources);
    }

    /// <summary>Every string of a network replaced or lengthened by a name.</summary>
    private static Network Renamed(string name)
    {
        Network network = TestModels.Network();
        string Of(string old) => $"{name} {old}";
        return network with
        {
            Provenance = new Provenance(name, name, network.Provenance.SourceSha256, 13, EquatableArray.Of(new Setting(name, name))),
            Input = network.Input with { Tensor = Of(network.Input.Tensor), Preprocess = network.Input.Preprocess! with { Name = name } },
            Outputs = network.Outputs.Select(Of).ToEquatableArray(),
            Labels = network.Labels.Select(Of).ToEquatableArray(),
            Tensors = network.Tensors.Select(tensor => tensor with { Name = Of(tensor.Name) }).ToEquatableArray(),
            Layers = network.Layers.Select(Layer (layer) => layer switch
            {
                ConvLayer conv => conv with { Name = Of(conv.Name), Input = Of(conv.Input), Output = Of(conv.Output) },
                GemmLayer gemm => gemm with { Name = Of(gemm.Name), Input = Of(gemm.Input), Output = Of(gemm.Output) },
                GlobalAveragePoolLayer pool => pool with { Name = Of(pool.Name), Input = Of(pool.Input), Output = Of(pool.Output) },
                _ => throw new NotSupportedException(layer.Op),
            }).ToEquatableArray(),
        };
    }

    /// <summary>The code compiles and declares exactly what the network with harmless names declares: other strings, no other code.</summary>
    private static void AssertSameCode(GeneratorRunResult result)
    {
        CSharpCompilation compilation = GeneratorHarness.Project().AddSyntaxTrees(result.GeneratedSources.Select(source => source.SyntaxTree));
        Assert.DoesNotContain(compilation.GetDiagnostics(), diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        Assert.Equal(Shape(Run(Good)), Shape(result));

        // Node kinds and tokens without literals; names of methods do not come from names in the manifest.
        static IEnumerable<string> Shape(GeneratorRunResult run) => run.GeneratedSources.SelectMany(source => source.SyntaxTree.GetRoot().DescendantTokens())
            .Select(token => token.IsKind(SyntaxKind.StringLiteralToken) ? "string" : token.Text);
    }

    private static Manifest Sidecar(string sha256) => new(Path, Good.Text, ("HawqSidecarSha256", sha256));

    private static string LineOf(Diagnostic diagnostic) => Good.Text.Split('\n')[diagnostic.Location.GetLineSpan().StartLinePosition.Line];

    private static GeneratorRunResult Run(params Manifest[] manifests) =>
        GeneratorHarness.Driver(TestModels.Generator(), manifests).RunGenerators(GeneratorHarness.Project()).Result();
}

using System.Globalization;
using Hawq.CodeGen.Pipeline;
using Hawq.Model;
using Microsoft.CodeAnalysis;
using Xunit;

namespace Hawq.CodeGen.Tests.Generator;

/// <summary>Whatever a stage does, the compiler sees files or diagnostics, never an exception; and the same files everywhere.</summary>
public sealed class RobustnessTests
{
    private static readonly Manifest A = TestModels.Manifest("/p/a.hawq.json", seed: 1);
    private static readonly Manifest B = TestModels.Manifest("/p/b.hawq.json", seed: 2);

    [Fact]
    public void Exception_in_a_stage_is_reported_as_a_bug_and_spares_the_other_model()
    {
        Stages stages = TestModels.Stages with
        {
            Emit = (plan, options) => options.ClassName == "A" ? throw new InvalidOperationException("first line\nsecond line") : TestModels.Stages.Emit(plan, options),
        };

        GeneratorRunResult result = Run(stages, A, B);

        Assert.Null(result.Exception);
        Assert.Equal(["HAWQ0199 a.hawq.json(1,1)"], result.Reports());
        Assert.Contains("InvalidOperationException: first line second line", Assert.Single(result.Diagnostics).GetMessage(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        Assert.Equal(["Consumer.B.g.cs", "Consumer.B.Kernels.g.cs", "Consumer.B.Weights.g.cs", "Consumer.B.Threads.g.cs"], result.GeneratedSources.Select(source => source.HintName));
    }

    [Fact]
    public void HawqException_of_the_planner_is_reported_with_its_id()
    {
        Stages stages = TestModels.Stages with { Plan = _ => throw new HawqException(HawqIds.PlanOverflow, "Layer x does not fit.") };

        GeneratorRunResult result = Run(stages, A);

        Assert.Equal(["HAWQ0101 a.hawq.json(1,1)"], result.Reports());
        Assert.Equal("Layer x does not fit.", Assert.Single(result.Diagnostics).GetMessage(CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Cancellation_stops_between_stages_and_the_next_run_completes()
    {
        using CancellationTokenSource cancel = new();
        int planned = 0;
        Stages stages = TestModels.Stages with
        {
            Read = (text, path) =>
            {
                cancel.Cancel();
                return TestModels.Stages.Read(text, path);
            },
            Plan = network =>
            {
                planned++;
                return TestModels.Stages.Plan(network);
            },
        };
        GeneratorDriver driver = GeneratorHarness.Driver(new HawqGenerator(stages), A);

        Assert.ThrowsAny<OperationCanceledException>(() => driver.RunGenerators(GeneratorHarness.Project(), cancel.Token));
        Assert.Equal(0, planned);

        driver = driver.RunGenerators(GeneratorHarness.Project());
        Assert.Equal(4, driver.Result().GeneratedSources.Length);
    }

    [Fact]
    public void Two_generators_write_the_same_bytes() => Assert.Equal(Texts(Run(TestModels.Stages, A)), Texts(Run(TestModels.Stages, A)));

    [Fact]
    public void Culture_of_the_machine_does_not_reach_the_text()
    {
        // What fi-FI does to numbers; the real culture is not there where globalization is invariant.
        CultureInfo culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NegativeSign = "\u2212";
        culture.NumberFormat.NumberDecimalSeparator = ",";
        IEnumerable<string> expected = Texts(Run(TestModels.Stages, A));
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = culture;
            Assert.Equal("\u22121,5", (-1.5).ToString());

            Assert.Equal(expected, Texts(Run(TestModels.Stages, A)));
            Assert.Same(culture, CultureInfo.CurrentCulture);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Paths_stay_out_of_the_text() =>
        Assert.DoesNotContain(Texts(Run(TestModels.Stages, TestModels.Manifest("/secret/place/a.hawq.json"))), text => text.Contains("secret", StringComparison.Ordinal));

    [Fact]
    public void Every_id_has_a_descriptor_of_its_own()
    {
        // The ids of the manifest, the planner and the generator; the others belong to the build files and the tool.
        IEnumerable<string> ids = typeof(HawqIds).GetFields().Select(field => (string)field.GetRawConstantValue()!)
            .Where(id => string.CompareOrdinal(id, "HAWQ0200") < 0);

        Assert.All(ids, id => Assert.Equal(id, Descriptors.Of(id).Id));
    }

    [Fact]
    public void Every_id_is_tracked_with_its_title()
    {
        IEnumerable<string> ids = typeof(HawqIds).GetFields().Select(field => (string)field.GetRawConstantValue()!)
            .Where(id => string.CompareOrdinal(id, "HAWQ0200") < 0);
        string folder = Path.Combine(Testing.Checkout.Root, "generators", "Hawq.CodeGen");
        IEnumerable<string> tracked = Directory.EnumerateFiles(folder, "AnalyzerReleases.*.md").SelectMany(File.ReadAllLines)
            .Where(line => line.StartsWith("HAWQ", StringComparison.Ordinal));

        Assert.Equal(ids.Select(id => $"{id} | Hawq | Error | {Descriptors.Of(id).Title}").Order(), tracked.Order());
    }

    [Fact]
    public void Messages_link_to_their_section_of_the_page_in_the_package()
    {
        Assert.Equal("file:///pack%20ages/hawq.codegen/0.1.0/docs/diagnostics.md#hawq0006", Descriptors.Of(HawqIds.ManifestSidecar, "/pack ages/hawq.codegen/0.1.0/docs/diagnostics.md").HelpLinkUri);
        Assert.Equal("", Descriptors.Of(HawqIds.ManifestSidecar, "").HelpLinkUri);
    }

    [Fact]
    public void Every_id_has_a_section_in_the_help_page()
    {
        string page = File.ReadAllText(Path.Combine(Testing.Checkout.Root, "src", "docs", "diagnostics.md"));
        IEnumerable<string> ids = typeof(HawqIds).GetFields().Select(field => (string)field.GetRawConstantValue()!);

        Assert.All(ids, id => Assert.Contains($"\n### {id}\n", page, StringComparison.Ordinal));
    }

    private static GeneratorRunResult Run(Stages stages, params Manifest[] manifests) =>
        GeneratorHarness.Driver(new HawqGenerator(stages), manifests).RunGenerators(GeneratorHarness.Project()).Result();

    private static IEnumerable<string> Texts(GeneratorRunResult result) => result.GeneratedSources.Select(source => source.SourceText.ToString());
}

using System.Runtime.CompilerServices;
using Hawq.Testing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Hawq.CodeGen.Tests.Generator;

/// <summary>
/// What runs again after which edit, step by step. Cached means that a step was not called, Unchanged that it was and gave an equal
/// value, Modified that what follows must run.
/// </summary>
public sealed class CachingTests
{
    private static readonly Manifest A = TestModels.Manifest("/p/a.hawq.json", seed: 1);
    private static readonly Manifest B = TestModels.Manifest("/p/b.hawq.json", seed: 2);

    [Fact]
    public void First_run_makes_everything_new()
    {
        GeneratorDriver driver = GeneratorHarness.Driver(TestModels.Generator(), A).RunGenerators(GeneratorHarness.Project());

        Assert.All(HawqGeneratorSteps.All, step => Assert.All(Reasons(driver, step), reason => Assert.Equal(IncrementalStepRunReason.New, reason)));
        Assert.Equal(["Consumer.A.Kernels.g.cs", "Consumer.A.Threads.g.cs", "Consumer.A.Weights.g.cs", "Consumer.A.g.cs"], Files(driver).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Typing_elsewhere_runs_nothing_again() => AssertReasons(
        [A],
        [A],
        after: GeneratorHarness.Project("class Elsewhere;"),
        (HawqGeneratorSteps.Manifest, "Cached"),
        (HawqGeneratorSteps.Project, "Unchanged"),
        (HawqGeneratorSteps.Names, "Cached"),
        (HawqGeneratorSteps.Read, "Cached"),
        (HawqGeneratorSteps.Plan, "Cached"),
        (HawqGeneratorSteps.Emit, "Cached"),
        (HawqGeneratorSteps.ClassFile, "Cached"),
        (HawqGeneratorSteps.KernelFiles, "Cached"),
        (HawqGeneratorSteps.Diagnostics, "Cached"));

    [Fact]
    public void Typing_in_a_project_with_ResNet50_runs_nothing_again()
    {
        Manifest manifest = TestModels.Manifest("/p/resnet50.hawq.json", TypicalNetworks.ResNet50().Network);
        CSharpCompilation project = GeneratorHarness.Project("class Elsewhere;");
        GeneratorDriver driver = GeneratorHarness.Driver(TestModels.Generator(), manifest).RunGenerators(project);
        Assert.Empty(driver.Result().Diagnostics);
        Assert.Equal(4, driver.Result().GeneratedSources.Length);

        // Six keystrokes, each a new compilation.
        const string Typed = "int x;";
        for (int length = 1; length <= Typed.Length; length++)
        {
            SyntaxTree old = project.SyntaxTrees.Single();
            project = project.ReplaceSyntaxTree(old, CSharpSyntaxTree.ParseText($"class Elsewhere {{ {Typed[..length]} }}", GeneratorHarness.Parsing, old.FilePath));
            driver = driver.RunGenerators(project);

            Assert.All(
                HawqGeneratorSteps.All.Except([HawqGeneratorSteps.Project]),
                step => Assert.All(Reasons(driver, step), reason => Assert.Equal(IncrementalStepRunReason.Cached, reason)));
            Assert.Equal([IncrementalStepRunReason.Unchanged], Reasons(driver, HawqGeneratorSteps.Project));
        }
    }

    [Fact]
    public void Saving_a_manifest_without_a_change_runs_nothing_again() => AssertReasons(
        [A],
        [A.With(A.Text)],
        after: GeneratorHarness.Project(),
        (HawqGeneratorSteps.Manifest, "Unchanged"),
        (HawqGeneratorSteps.Project, "Unchanged"),
        (HawqGeneratorSteps.Names, "Cached"),
        (HawqGeneratorSteps.Read, "Cached"),
        (HawqGeneratorSteps.Plan, "Cached"),
        (HawqGeneratorSteps.Emit, "Cached"),
        (HawqGeneratorSteps.ClassFile, "Cached"),
        (HawqGeneratorSteps.KernelFiles, "Cached"),
        (HawqGeneratorSteps.Diagnostics, "Cached"));

    [Fact]
    public void White_space_in_a_manifest_changes_only_the_hash_in_the_header() => AssertReasons(
        [A],
        [A.With(A.Text + "\n")],
        after: GeneratorHarness.Project(),
        (HawqGeneratorSteps.Manifest, "Modified"),
        (HawqGeneratorSteps.Project, "Unchanged"),
        (HawqGeneratorSteps.Names, "Cached"),
        (HawqGeneratorSteps.Read, "Modified"),
        (HawqGeneratorSteps.Plan, "Modified"),
        (HawqGeneratorSteps.Emit, "Modified"),
        (HawqGeneratorSteps.ClassFile, "Modified"),
        (HawqGeneratorSteps.KernelFiles, "Unchanged"),
        (HawqGeneratorSteps.Diagnostics, "Cached"));

    [Fact]
    public void New_weights_change_only_the_model_that_they_belong_to() => AssertReasons(
        [A, B],
        [A, TestModels.Manifest(B.Path, seed: 3)],
        after: GeneratorHarness.Project(),
        (HawqGeneratorSteps.Manifest, "Unchanged, Modified"),
        (HawqGeneratorSteps.Project, "Unchanged"),
        (HawqGeneratorSteps.Names, "Unchanged"),
        (HawqGeneratorSteps.Read, "Cached, Modified"),
        (HawqGeneratorSteps.Plan, "Cached, Modified"),
        (HawqGeneratorSteps.Emit, "Cached, Modified"),
        (HawqGeneratorSteps.ClassFile, "Cached, Modified"),
        (HawqGeneratorSteps.KernelFiles, "Cached, Modified"),
        (HawqGeneratorSteps.Diagnostics, "Cached"));

    [Fact]
    public void Second_model_leaves_the_first_alone() => AssertReasons(
        [A],
        [A, B],
        after: GeneratorHarness.Project(),
        (HawqGeneratorSteps.Manifest, "Unchanged, New"),
        (HawqGeneratorSteps.Read, "Cached, New"),
        (HawqGeneratorSteps.Plan, "Cached, New"),
        (HawqGeneratorSteps.ClassFile, "Cached, New"),
        (HawqGeneratorSteps.KernelFiles, "Cached, New"));

    [Fact]
    public void Additional_file_that_is_no_model_is_not_read()
    {
        Manifest other = new("/p/other.hawq.json", "not a manifest") { Metadata = new Dictionary<string, string>() };

        GeneratorRunResult result = GeneratorHarness.Driver(TestModels.Generator(), other).RunGenerators(GeneratorHarness.Project()).Result();

        Assert.Empty(result.GeneratedSources);
        Assert.Empty(result.Diagnostics);
    }

    [Fact]
    public void Order_of_the_manifests_does_not_matter()
    {
        static IEnumerable<(string, string)> Generate(params Manifest[] manifests) =>
            GeneratorHarness.Driver(TestModels.Generator(), manifests).RunGenerators(GeneratorHarness.Project()).Result().GeneratedSources
                .Select(source => (source.HintName, source.SourceText.ToString()))
                .Order();

        Assert.Equal(Generate(A, B), Generate(B, A));
    }

    [Fact]
    public void Removing_the_unsafe_option_removes_the_code_and_says_why()
    {
        CSharpCompilation project = GeneratorHarness.Project();
        GeneratorDriver driver = GeneratorHarness.Driver(TestModels.Generator(), A).RunGenerators(project);

        driver = driver.RunGenerators(project.WithOptions(project.Options.WithAllowUnsafe(false)));

        Assert.Empty(driver.Result().GeneratedSources);
        Assert.Equal(["HAWQ0105"], driver.Result().Reports());
    }

    [Fact]
    public void No_compilation_is_kept_alive()
    {
        (GeneratorDriver driver, List<WeakReference> old) = RunEightTimes();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        // The driver keeps the last compilation as its input, and none before it.
        Assert.DoesNotContain(old.SkipLast(1), reference => reference.IsAlive);
        GC.KeepAlive(driver);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (GeneratorDriver Driver, List<WeakReference> Compilations) RunEightTimes()
    {
        GeneratorDriver driver = GeneratorHarness.Driver(TestModels.Generator(), A);
        List<WeakReference> compilations = [];
        for (int i = 0; i < 8; i++)
        {
            CSharpCompilation project = GeneratorHarness.Project($"class C{i};");
            compilations.Add(new WeakReference(project));
            driver = driver.RunGenerators(project);
        }

        return (driver, compilations);
    }

    private static void AssertReasons(Manifest[] before, Manifest[] next, CSharpCompilation after, params (string Step, string Reasons)[] expected)
    {
        GeneratorDriver driver = GeneratorHarness.Driver(TestModels.Generator(), before).RunGenerators(GeneratorHarness.Project());
        Assert.Empty(driver.Result().Diagnostics);

        driver = driver.WithManifests(before, next).RunGenerators(after);

        Assert.Equal(
            expected.Select(step => $"{step.Step}: {step.Reasons}"),
            expected.Select(step => $"{step.Step}: {string.Join(", ", Reasons(driver, step.Step).Distinct())}"));
    }

    private static IEnumerable<IncrementalStepRunReason> Reasons(GeneratorDriver driver, string step) =>
        driver.Result().TrackedSteps[step].SelectMany(run => run.Outputs).Select(output => output.Reason);

    private static IEnumerable<string> Files(GeneratorDriver driver) => driver.Result().GeneratedSources.Select(source => source.HintName);
}

using Basic.Reference.Assemblies;
using Hawq.CodeGen.Emit;
using Hawq.Model;
using Hawq.Planning;
using Hawq.Testing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Hawq.CodeGen.Tests.Emitted;

/// <summary>
/// The generated text of a few networks, whole: what a reviewer of a change to the emitter looks at. Everything else about generated code is
/// tested by running it.
/// </summary>
public sealed class GeneratedTextTests
{
    [Fact]
    public void Convolution_pool_and_classifier()
    {
        NetworkBuilder builder = new NetworkBuilder("small", 1).Input(6, 6, 3, pixels: true);
        string pooled = builder.GlobalAveragePool(builder.Conv(builder.InputName, 16, 3));
        Match(builder.Build(builder.Gemm(pooled, 5)).Network);
    }

    [Fact]
    public void Residual_block_with_4_bit_weights_and_codes_in()
    {
        NetworkBuilder builder = new NetworkBuilder("block", 2).Input(8, 8, 16, range: Activation.U7);
        (string residual, _) = builder.BasicBlock(builder.Requantize(builder.InputName, Activation.Residual), builder.InputName, 32, stride: 2, weightBits: 4);
        Match(TypicalNetworks.WithShortMultipliers(builder.Build(residual)).Network);
    }

    [Fact]
    public void Resnet20_of_the_sample()
    {
        string path = Path.Combine(Checkout.Root, "samples", "Cifar10", "resnet20-cifar10.hawq.json");
        Match(ManifestReader.Read(File.ReadAllText(path), path).Network!);
    }

    /// <summary>A file that nobody reads to the end is not reviewed: the promise is 15 000 lines for all of ResNet-50, in every version of every kernel.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(4)]
    public void Resnet50_stays_reviewable(int weightBits)
    {
        Network network = TypicalNetworks.ResNet50(weightBits).Network;
        int lines = Emitter.Emit(Planner.Plan(network), Options(network)).Sum(file => file.Text.Count(c => c == '\n'));
        Assert.InRange(lines, 1_000, 15_000);
    }

    /// <summary>
    /// AVX-VNNI has AVX2's tiles where those sum in int16, so it needs AVX2's weights too. Only the first layer, whose codes are too large, has its own. Few
    /// machines of CI have AVX-VNNI and no AVX-512: the text is what can be tested everywhere.
    /// </summary>
    [Fact]
    public void AvxVnni_has_the_weights_of_the_tiles_that_it_shares()
    {
        Network network = TypicalNetworks.ResNet50().Network;
        NetworkPlan plan = Planner.Plan(network);
        string weights = Emitter.EmitWeights(plan, Options(network)).Text;

        string[] corrections = [.. weights.Split('\n').Where(line => line.TrimStart().StartsWith("TakeCorrections(", StringComparison.Ordinal))];
        Assert.NotEmpty(corrections);
        Assert.All(corrections, line => Assert.Matches(@", [1-9]\d*, \d+, \d+, \d+\);$", line));
        int own = weights.Split('\n').Count(line => line.Contains("if (global::System.Runtime.Intrinsics.X86.AvxVnni.IsSupported)", StringComparison.Ordinal));
        Assert.Equal(plan.Steps.OfType<ConvStep>().Count(step => step.Kernels.Any(kernel => kernel is { Tier: InstructionSet.Avx2, Family: KernelFamily.Widen or KernelFamily.Winograd4 }) && step.Kernels.Any(kernel => kernel.Family == KernelFamily.Dot4)), own);
    }

    /// <summary>Every verified file, by the test that owns it.</summary>
    public static TheoryData<string> Snapshots => [.. Snapshot.Verified().Select(group => group.Key)];

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Every_snapshot_compiles_in_a_strict_project(string test)
    {
        // The oldest C# that HAWQ0106 lets through, and the newest.
        foreach ((LanguageVersion language, NullableContextOptions nullable) in
            new[] { (LanguageVersion.CSharp12, NullableContextOptions.Disable), (LanguageVersion.Latest, NullableContextOptions.Enable) })
        {
            CSharpCompilation compilation = CSharpCompilation.Create(
                "Snapshot",
                Snapshot.Verified()[test].Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), new CSharpParseOptions(language), file)),
                Net100.References.All,
                new CSharpCompilationOptions(
                    OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, checkOverflow: true, warningLevel: 9999,
                    generalDiagnosticOption: ReportDiagnostic.Error, nullableContextOptions: nullable));

            Assert.Empty(compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning).Select(diagnostic => diagnostic.ToString()));
        }
    }

    private static void Match(Network network, [System.Runtime.CompilerServices.CallerMemberName] string test = "")
    {
        Snapshot.Match(
            [.. Emitter.Emit(Planner.Plan(network), Options(network)).Select(file => new SnapshotFile(file.HintName, file.Text))], testMethod: test);
    }

    private static EmitOptions Options(Network network) => new(
        "Acme", EmitOptions.ClassNameFor(network.Name), network.WeightsFile.File.Replace(".bin", ".json", StringComparison.Ordinal), new string('0', 64), "weights.bin");
}

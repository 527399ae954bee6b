using Hawq.CodeGen.Emit;
using Hawq.Fuzz.Mutations;
using Hawq.Fuzz.Targets;
using Hawq.Model;
using Hawq.Planning;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Hawq.Fuzz;

/// <summary>What the fuzzer must find, planted: a check that never fails would find nothing.</summary>
public sealed class CanaryTests
{
    private const string End = "}\n";

    [Fact]
    public void Generated_code_as_it_is_passes() => Check(text => text);

    [Theory]
    [InlineData("internal static class " + HostileText.Canary + " { }\n")]
    [InlineData("internal static class Harmless { }\n")]
    [InlineData("#line 1 \"elsewhere\"\n")]
    [InlineData("/* a comment */\n")]
    [InlineData("\"\n")]
    public void Code_behind_the_class_is_found(string planted) => Assert.ThrowsAny<InvalidOperationException>(() => Check(text => text + planted));

    [Theory]
    [InlineData("private int " + HostileText.Canary + ";")]
    [InlineData("private class " + HostileText.Canary + " { }")]
    [InlineData("private int x\\u0045vil;")]
    public void A_member_that_a_name_asked_for_is_found(string planted) =>
        Assert.Contains("comes from a name", Assert.ThrowsAny<InvalidOperationException>(() => Check(text => text[..text.LastIndexOf(End, StringComparison.Ordinal)] + planted + "\n" + End)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_target_that_throws_is_a_finding_with_its_seed()
    {
        FuzzResult result = FuzzRun.Run(new Broken(), seed: 1, cases: 4);
        Assert.Equal([2, 4], result.Findings.Select(finding => finding.Seed));
        Assert.Equal((2, 0), (result.Accepted, result.Refused));
    }

    private static void Check(Func<string, string> plant)
    {
        Network network = ManifestReader.Read(System.Text.Encoding.UTF8.GetString(NetworkSeeds.All[0].Manifest), "net.hawq.json").Network!;
        string text = Emitter.Emit(Planner.Plan(network), new EmitOptions("Fuzzed", "Net", "net.hawq.json", new string('0', 64), "net.hawq.bin"))[0].Text;
        GeneratorTarget.RequireOneClass(CSharpSyntaxTree.ParseText(plant(text), new CSharpParseOptions(LanguageVersion.CSharp12)));
    }

    /// <summary>Throws at every second input.</summary>
    private sealed class Broken : FuzzTarget
    {
        private byte _cases;

        public override string Name => "broken";

        public override byte[] Mutant(Random random) => [_cases++];

        public override bool Accepts(byte[] input) => input[0] % 2 == 0 ? true : throw new IndexOutOfRangeException();
    }
}

using Hawq.Compilation;
using Hawq.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Hawq.CodeGen.Tests.Emitted;

/// <summary>The promises about the inference path: integers only, no division, no allocation.</summary>
public sealed class PromiseTests
{
    [Fact]
    public void The_inference_path_has_no_float_no_division_and_no_allocation()
    {
        (Network network, NetworkWeights weights) = Networks.Residual();
        using CompiledNetwork compiled = CompiledNetwork.Compile(network, weights);
        (IReadOnlyList<string> violations, IReadOnlyCollection<string> visited) = InferencePath.Check(compiled.Image);
        Assert.Empty(violations);
        Assert.Contains(visited, name => name.Contains("::Conv3x3_"));
        Assert.Contains(visited, name => name.Contains("::GlobalAveragePool_"));
    }

    [Theory]
    [InlineData("static int Step(int x) => x / 3;", "divides")]
    [InlineData("static int Step(int x) => x % 3;", "divides")]
    [InlineData("static int Step(int x) => (int)(x * 0.5f);", "floating point")]
    [InlineData("static int Step(int x) => new int[x].Length;", "allocates")]
    [InlineData("static object Boxed(int x) => x; static int Step(int x) => Boxed(x) is null ? 0 : 1;", "allocates")]
    [InlineData("static int Step(int x) => System.Math.Abs(x);", "not on the list")]
    public void A_planted_violation_is_found(string step, string expected)
    {
        string text = $$"""public class Planted { public void Infer(int x) { if (x > 0) { Deeper(x); } } static void Deeper(int x) { Step(x); } {{step}} }""";
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Planted", [CSharpSyntaxTree.ParseText(text)], Basic.Reference.Assemblies.Net100.References.All,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release));
        using MemoryStream image = new();
        Assert.True(compilation.Emit(image).Success);
        Assert.Contains(InferencePath.Check(image.ToArray()).Violations, violation => violation.Contains(expected));
    }

    [Fact]
    public void A_thousand_inferences_allocate_nothing()
    {
        (Network network, NetworkWeights weights) = Networks.Residual(size: 8, blocks: 1);
        using CompiledNetwork compiled = CompiledNetwork.Compile(network, weights);
        byte[] pixels = new byte[8 * 8 * 3];
        int[] logits = new int[10];
        Assert.Equal(0, AllocatedBy(() => compiled.Infer(pixels, logits)));
    }

    [Fact]
    public void A_planted_allocation_is_measured()
    {
        object[] kept = new object[1];
        Assert.True(AllocatedBy(() => kept[0] = new byte[1]) >= 1000 * 24);
    }

    private static long AllocatedBy(Action action)
    {
        action();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            action();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}

using Hawq.Compilation;
using Hawq.Model;
using Hawq.Planning;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;

namespace Hawq.CodeGen.Tests.Emitted;

/// <summary>Compares generated code with the reference interpreter, every tensor that is in memory, code by code.</summary>
internal static class Equality
{
    public static void Check(Network network, NetworkWeights weights, bool checkOverflow = false)
    {
        using CompiledNetwork compiled = CompiledNetwork.Compile(network, weights, new CompilationOptions(Trace: true, CheckOverflow: checkOverflow));
        Interpreter reference = new(network, weights);
        foreach (int[] input in Inputs(network))
        {
            int[] codes = network.Input.PixelTables.Count > 0 ? reference.InputCodes([.. input.Select(p => (byte)p)]) : input;
            IReadOnlyDictionary<string, int[]> expected = reference.RunCodes(codes);
            int[][] outputs = compiled.Trace(input, (tensor, actual) => AssertEqual(tensor, expected[tensor], actual));
            for (int i = 0; i < outputs.Length; i++)
            {
                AssertEqual(network.Outputs[i], expected[network.Outputs[i]], outputs[i]);
            }
        }
    }

    /// <summary>Random and extreme inputs, and for the first convolution the ones that drive an accumulator to its ends.</summary>
    private static IEnumerable<int[]> Inputs(Network network)
    {
        Tensor input = network.Tensor(network.Input.Tensor);
        if (network.Input.PixelTables.Count > 0)
        {
            return TestInputs.ExtremePixels(network).Concat(Enumerable.Range(0, 3).Select(seed => TestInputs.Pixels(network, seed)))
                .Select(pixels => pixels.Select(p => (int)p).ToArray());
        }

        return TestInputs.ExtremeCodes(input).Concat(Enumerable.Range(0, 3).Select(seed => TestInputs.Codes(input, seed)));
    }

    private static void AssertEqual(string tensor, int[] expected, int[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i] != actual[i])
            {
                Assert.Fail($"{tensor}[{i}]: the reference says {expected[i]}, the generated code {actual[i]}; {expected.Where((e, j) => e != actual[j]).Count()} of {expected.Length} differ.");
            }
        }
    }
}

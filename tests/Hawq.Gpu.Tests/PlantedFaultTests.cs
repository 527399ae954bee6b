using System.Text.RegularExpressions;
using Hawq.Gpu.Tests.Ptx;
using Hawq.Model;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;

namespace Hawq.Gpu.Tests;

/// <summary>Faults planted in the PTX of a generated convolution: the interpreter stops at what is undefined on hardware, and a wrong result is seen.</summary>
public sealed class PlantedFaultTests
{
    [Fact]
    public void Without_a_fault_the_kernel_runs() => AssertSame(text => text, same: true);

    [Fact]
    public void A_missing_barrier_is_a_race() => AssertStops("race", text => Regex.Replace(text, @"bar(rier)?\.sync[^;]*;", string.Empty));

    /// <summary>The thread runs on to the next matrix load, where the others of its warp are not.</summary>
    [Fact]
    public void A_barrier_that_one_thread_skips_is_an_error() => AssertStops("converged", text => Replace(text, @"bar\.sync", "@fault bar.sync", Predicate("%tid.x", 5)));

    [Fact]
    public void A_tensor_core_instruction_that_one_lane_skips_is_an_error() =>
        AssertStops("converged", text => Replace(text, @"mma\.sync", "@fault mma.sync", Predicate("%laneid", 7)));

    [Fact]
    public void An_address_off_by_one_is_misaligned() =>
        AssertStops("Misaligned", text => Replace(text, @"st\.shared\.v4\.b32\s+\[(%?\w+)\]", "st.shared.v4.b32 [$1+4]"));

    [Fact]
    public void An_address_beyond_the_weights_is_out_of_bounds() =>
        AssertStops("out of bounds", text => Replace(text, @"ld\.global\.v4\.b32\s+(\{[^}]*\}),\s*\[(%?\w+)\]", "ld.global.v4.b32 $1, [$2+1048576]"));

    [Fact]
    public void A_shared_store_beyond_the_block_is_out_of_bounds() =>
        AssertStops("out of bounds", text => Replace(text, @"st\.shared\.v4\.b32\s+\[(%?\w+)\]", "st.shared.v4.b32 [$1+65536]"));

    [Fact]
    public void A_wrong_signedness_gives_other_codes() => AssertSame(text => text.Replace(".u8.s8.", ".s8.s8.", StringComparison.Ordinal), same: false);

    /// <summary>A pixel of 32 channels is 2 units: 3 as a stride reads other pixels, or none.</summary>
    [Fact]
    public void A_wrong_stride_gives_other_codes_or_leaves_the_buffer()
    {
        (Network network, NetworkWeights weights) = Small(stride: 2);
        byte[] input = Input(network);
        int[] expected = new Interpreter(network, weights).RunCodes(Array.ConvertAll(input, b => (int)b))[network.Outputs[0]];
        (Network other, _) = Small(stride: 1);
        Assert.NotEqual(other.Tensor(other.Outputs[0]).Shape, network.Tensor(network.Outputs[0]).Shape);

        // Row and column of the output times 2 is a shift or a product, whatever ILGPU makes of it; without it the stride is 1.
        int changed = 0;
        EmulatedNetwork gpu = new(network, weights)
        {
            Mutate = text => Regex.Replace(text, @"(shl\.b32\s+%?\w+,\s*%?\w+,\s*)1;|(mul\.lo\.s32\s+%?\w+,\s*%?\w+,\s*)2;", match =>
            {
                changed++;
                return match.Groups[1].Success ? match.Groups[1].Value + "0;" : match.Groups[2].Value + "1;";
            }),
        };
        int[]? actual = null;
        PtxException? error = null;
        try
        {
            actual = gpu.Run(input)[network.Outputs[0]];
        }
        catch (PtxException stopped)
        {
            error = stopped;
        }

        Assert.NotEqual(0, changed);
        Assert.True(error is not null || !actual!.SequenceEqual(expected));
    }

    private static void AssertStops(string message, Func<string, string> mutate)
    {
        (Network network, NetworkWeights weights) = Small();
        EmulatedNetwork gpu = new(network, weights) { Mutate = mutate };
        Assert.Contains(message, Assert.Throws<PtxException>(() => gpu.Run(Input(network))).Message, StringComparison.Ordinal);
    }

    private static void AssertSame(Func<string, string> mutate, bool same)
    {
        (Network network, NetworkWeights weights) = Small();
        byte[] input = Input(network);
        int[] expected = new Interpreter(network, weights).RunCodes(Array.ConvertAll(input, b => (int)b))[network.Outputs[0]];
        Assert.Equal(same, new EmulatedNetwork(network, weights) { Mutate = mutate }.Run(input)[network.Outputs[0]].SequenceEqual(expected));
    }

    /// <summary>Replaces in the texts that have the pattern (the convolution's), with statements in front of the first replaced one.</summary>
    private static string Replace(string text, string pattern, string replacement, string before = "")
    {
        Match first = Regex.Match(text, pattern);
        return first.Success ? text[..first.Index] + before + Regex.Replace(text[first.Index..], pattern, replacement) : text;
    }

    /// <summary>Declares a predicate that is false for one thread.</summary>
    private static string Predicate(string register, int thread) =>
        $".reg .pred fault; .reg .u32 who; mov.u32 who, {register}; setp.ne.u32 fault, who, {thread};\n\t";

    private static byte[] Input(Network network) => Array.ConvertAll(TestInputs.Codes(network.Tensor(network.Input.Tensor), 5), code => (byte)code);

    private static (Network Network, NetworkWeights Weights) Small(int stride = 1)
    {
        NetworkBuilder b = new NetworkBuilder("small", seed: 11).Input(6, 6, 32, range: Activation.U8);
        b.Conv(b.InputName, 32, 3, stride, activation: Activation.U8);
        return b.Build();
    }
}

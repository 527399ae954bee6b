using Hawq.Compilation;
using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.CodeGen.Tests.Emitted;

/// <summary>Tests that measure the whole process and so run alone.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;

/// <summary>Instances with threads of their own.</summary>
[Collection(nameof(AloneCollection))]
public sealed class ThreadTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Results_do_not_depend_on_the_number_of_threads(int threads)
    {
        (Network network, NetworkWeights weights) = Networks.Residual(size: 16, blocks: 1);
        using CompiledNetwork alone = CompiledNetwork.Compile(network, weights);
        using CompiledNetwork team = CompiledNetwork.Compile(network, weights, new CompilationOptions(Threads: threads));
        for (int seed = 0; seed < 20; seed++)
        {
            byte[] pixels = TestInputs.Pixels(network, seed);
            int[] expected = new int[10];
            int[] actual = new int[10];
            alone.Infer(pixels, expected);
            team.Infer(pixels, actual);
            Assert.Equal(expected, actual);
        }
    }

    [Fact]
    public void Threads_allocate_nothing_per_inference()
    {
        (Network network, NetworkWeights weights) = Networks.Residual(size: 8, blocks: 1);
        using CompiledNetwork team = CompiledNetwork.Compile(network, weights, new CompilationOptions(Threads: 2));
        byte[] pixels = new byte[8 * 8 * 3];
        int[] logits = new int[10];
        team.Infer(pixels, logits);

        // All threads of the process count here, also the test runner's: the fewest of some rounds. One object per call would be 4800 bytes at least in each.
        long fewest = Enumerable.Range(0, 5).Min(_ =>
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < 200; i++)
            {
                team.Infer(pixels, logits);
            }

            return GC.GetTotalAllocatedBytes(precise: true) - before;
        });
        Assert.InRange(fewest, 0, 4000);
    }

    [Fact]
    public void A_batch_is_its_images_one_after_the_other()
    {
        (Network network, NetworkWeights weights) = Networks.Residual(size: 8, blocks: 1);
        using CompiledNetwork compiled = CompiledNetwork.Compile(network, weights);
        byte[] pixels = [.. TestInputs.Pixels(network, 1), .. TestInputs.Pixels(network, 2), .. TestInputs.Pixels(network, 3)];
        int[] together = new int[30];
        compiled.InferBatch(pixels, together, 3);
        int[] alone = new int[30];
        for (int i = 0; i < 3; i++)
        {
            compiled.Infer(pixels.AsSpan(i * 192, 192), alone.AsSpan(i * 10, 10));
        }

        Assert.Equal(alone, together);
    }

    [Fact]
    public void A_stopped_team_stays_stopped()
    {
        (Network network, NetworkWeights weights) = Networks.Residual(size: 8, blocks: 1);
        CompiledNetwork team = CompiledNetwork.Compile(network, weights, new CompilationOptions(Threads: 2));
        team.Dispose();
        team.Dispose();
    }
}

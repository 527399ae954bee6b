using System.Diagnostics;
using Hawq.Compilation;
using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.CodeGen.Tests.Emitted;

/// <summary>One generated class, many threads.</summary>
[Collection(nameof(AloneCollection))]
public sealed class ConcurrencyTests
{
    private const int Threads = 8;
    private const int Images = 32;

    /// <summary>Seconds that the threads run. Half a second in everyday runs; <c>HAWQ_CONCURRENCY_SECONDS=60</c> is the long form.</summary>
    private static TimeSpan Duration { get; } =
        TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable("HAWQ_CONCURRENCY_SECONDS"), out int seconds) ? seconds : 0.5);

    [Fact]
    public void Eight_threads_with_an_instance_each_get_what_one_thread_gets()
    {
        (Network network, NetworkWeights weights) = Networks.Residual();
        using CompiledNetwork alone = CompiledNetwork.Compile(network, weights);
        byte[][] pixels = [.. Enumerable.Range(0, Images).Select(seed => TestInputs.Pixels(network, seed))];
        int[][] expected = [.. pixels.Select(image => Infer(alone, image))];

        // All of them are made at once too: the first one loads the weights.
        int[] different = new int[Threads];
        int[] inferences = new int[Threads];
        Stopwatch clock = Stopwatch.StartNew();
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(thread => new Thread(() =>
        {
            using CompiledNetwork own = alone.NewInstance();
            for (int i = thread; inferences[thread] < Images || clock.Elapsed < Duration; i = (i + 1) % Images)
            {
                different[thread] += Infer(own, pixels[i % Images]).AsSpan().SequenceEqual(expected[i % Images]) ? 0 : 1;
                inferences[thread]++;
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.Equal(new int[Threads], different);
        Assert.All(inferences, count => Assert.InRange(count, Images, int.MaxValue));
    }

    [Fact]
    public void A_second_thread_in_one_instance_is_told_so_and_disturbs_nothing()
    {
        (Network network, NetworkWeights weights) = Networks.Residual(size: 8, blocks: 1);
        using CompiledNetwork compiled = CompiledNetwork.Compile(network, weights, new CompilationOptions(Trace: true));
        byte[] pixels = TestInputs.Pixels(network, seed: 1);
        int[] expected = Infer(compiled, pixels);
        List<Exception?> seen = [];

        // The callback runs in the middle of an inference: the only moment at which the other thread certainly meets one.
        Thread first = Thread.CurrentThread;
        compiled.WatchSteps(_ =>
        {
            if (Thread.CurrentThread != first)
            {
                return;
            }

            Thread other = new(() => seen.Add(Record.Exception(() => Infer(compiled, TestInputs.Pixels(network, seed: 2)))));
            other.Start();
            other.Join();
        });
        int[] actual = Infer(compiled, pixels);
        compiled.WatchSteps(null);

        Assert.NotEmpty(seen);
        Assert.All(seen, error => Assert.Contains("one thread at a time", Assert.IsType<InvalidOperationException>(error).Message, StringComparison.Ordinal));
        Assert.Equal(expected, actual);
        Assert.Equal(expected, Infer(compiled, pixels));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_disposed_instance_refuses(int threads)
    {
        (Network network, NetworkWeights weights) = Networks.Residual(size: 8, blocks: 1);
        CompiledNetwork compiled = CompiledNetwork.Compile(network, weights, new CompilationOptions(Threads: threads));
        compiled.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Infer(compiled, TestInputs.Pixels(network, seed: 1)));
    }

    [Fact]
    public void An_instance_in_use_is_not_disposed()
    {
        (Network network, NetworkWeights weights) = Networks.Residual(size: 8, blocks: 1);
        using CompiledNetwork compiled = CompiledNetwork.Compile(network, weights, new CompilationOptions(Trace: true));
        byte[] pixels = TestInputs.Pixels(network, seed: 1);
        int[] expected = Infer(compiled, pixels);
        List<Exception?> seen = [];
        compiled.WatchSteps(_ => seen.Add(Record.Exception(compiled.Dispose)));

        Assert.Equal(expected, Infer(compiled, pixels));
        Assert.NotEmpty(seen);
        Assert.All(seen, error => Assert.IsType<InvalidOperationException>(error));
    }

    private static int[] Infer(CompiledNetwork network, byte[] pixels)
    {
        int[] logits = new int[10];
        network.Infer(pixels, logits);
        return logits;
    }
}

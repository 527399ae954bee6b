using Hawq.Gpu.Devices;
using Hawq.Model;
using Hawq.Testing;

namespace Hawq.Gpu.Tests.Driver;

/// <summary>
/// Checks that run in a process of their own, over the stub driver (<see cref="StubDriver.Start"/>): the real host, the real ILGPU, the real entry points of a driver. They print
/// what they find; <see cref="CudaHostTests"/> looks at it.
/// </summary>
internal static class HostChecks
{
    private const int MaxBatch = 3;
    private const int Repeats = 1000;

    /// <summary>Entry point of the test assembly when it is run as a program.</summary>
    public static int Main(string[] args)
    {
        switch (args)
        {
            case ["results"]: Results(); return 0;
            case ["allocations"]: Allocations(); return 0;
            case ["device"]: Device(); return 0;
            case ["misuse"]: Misuse(); return 0;
            case ["ptx"]: EmbeddedPtx(); return 0;
            default: Console.Error.WriteLine("This is a test project: use dotnet test."); return 2;
        }
    }

    /// <summary>A residual network of mixed bits with two outputs: logits, and codes that the last block reads too.</summary>
    public static (Network Network, NetworkWeights Weights) Network()
    {
        NetworkBuilder b = new NetworkBuilder("host", seed: 3).Input(8, 8, 3, pixels: true);
        string stem = b.Conv(b.InputName, 32, 3, activation: Activation.Residual);
        (string Residual, string Input) x = b.BasicBlock(stem, b.Requantize(stem, Activation.U4), 32, weightBits: 4, activation: Activation.U4);
        string middle = x.Input;
        x = b.BasicBlock(x.Residual, x.Input, 64, stride: 2, activation: Activation.U7);
        return b.Build(b.Gemm(b.GlobalAveragePool(x.Residual), 10), middle);
    }

    /// <summary>What a batch must give: the first output of all images, then the second.</summary>
    private static int[] Expected(Network network, Dictionary<string, int[]> tensors, int first, int count) =>
        [.. network.Outputs.SelectMany(output => tensors[output].Chunk(tensors[output].Length / MaxBatch).Skip(first).Take(count).SelectMany(codes => codes))];

    private static GpuNetwork<byte> Load((Network Network, NetworkWeights Weights) model, int batch = MaxBatch) =>
        new GeneratedGpu(model.Network, model.Weights).Create<byte>(new GpuOptions { MaxBatch = batch });

    /// <summary>Batches of every size, and two sessions whose batches overlap, against the reference.</summary>
    private static void Results()
    {
        EmulatedDevice.Connect();
        (Network Network, NetworkWeights Weights) model = Network();
        (byte[][] images, Dictionary<string, int[]> tensors) = Cases.Random(model.Network, model.Weights, MaxBatch);
        using GpuNetwork<byte> gpu = Load(model);
        Console.WriteLine($"device {gpu.Device}, CUDA {gpu.IsCuda}");
        int[] output = new int[MaxBatch * gpu.OutputElements];
        for (int count = 1; count <= MaxBatch; count++)
        {
            gpu.InferBatch(images.Take(count).SelectMany(image => image).ToArray(), output, count);
            Compare($"batch {count}", Expected(model.Network, tensors, 0, count), output);
        }

        using GpuSession<byte> a = gpu.CreateSession(), b = gpu.CreateSession();
        images[0].CopyTo(a.Input);
        images[2].CopyTo(b.Input);
        a.Start(1);
        b.Start(1);
        Compare("first session", Expected(model.Network, tensors, 0, 1), a.Wait());
        Compare("second session", Expected(model.Network, tensors, 2, 1), b.Wait());
        for (int i = 0; i < gpu.OutputCount; i++)
        {
            Compare($"output {i}", tensors[model.Network.Outputs[i]], gpu.Output(output, i));
        }
    }

    private static void Compare(string what, ReadOnlySpan<int> expected, ReadOnlySpan<int> actual) => Console.WriteLine(
        EmulatedDevice.Error is { } error ? $"{what}: {error}" : $"{what}: {(expected.SequenceEqual(actual[..expected.Length]) ? "equal" : "different")}");

    /// <summary>What a thousand batches allocate, on this thread and on all others, and what they ask of the driver.</summary>
    private static void Allocations()
    {
        (Network Network, NetworkWeights Weights) model = Network();
        using GpuNetwork<byte> gpu = Load(model);
        using GpuSession<byte> session = gpu.CreateSession();
        byte[] input = new byte[MaxBatch * gpu.InputElements];
        int[] output = new int[MaxBatch * gpu.OutputElements];
        Repeat(gpu, session, input, output); // everything is compiled

        long[] before = [.. Enum.GetValues<StubCalls.Kind>().Select(StubCalls.Count)];
        long own = GC.GetAllocatedBytesForCurrentThread();
        Repeat(gpu, session, input, output);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - own;
        Console.WriteLine($"allocated {allocated} bytes in {2 * Repeats} batches");
        Console.WriteLine($"launches per batch of the program {new GeneratedGpu(model.Network, model.Weights).Program(KernelKind.Cuda).Launches.Count}");
        foreach (StubCalls.Kind kind in Enum.GetValues<StubCalls.Kind>())
        {
            Console.WriteLine($"{kind} {StubCalls.Count(kind) - before[(int)kind]}");
        }
    }

    private static void Repeat(GpuNetwork<byte> gpu, GpuSession<byte> session, byte[] input, int[] output)
    {
        for (int i = 0; i < Repeats; i++)
        {
            gpu.InferBatch(input, output, MaxBatch);
            input.CopyTo(session.Input);
            session.Start(MaxBatch);
            session.Wait().CopyTo(output);
        }
    }

    /// <summary>PTX that was made at build time and embedded, with a mark in every kernel: all that reaches the driver has the mark.</summary>
    private static void EmbeddedPtx()
    {
        const string Mark = "// embedded";
        EmulatedDevice.Connect();
        (Network network, NetworkWeights weights) = Network();
        PtxBundle made = PtxBundle.Create(new GeneratedGpu(network, weights).Program(KernelKind.Cuda));
        PtxBundle marked = made with { Kernels = [.. made.Kernels.Select(kernel => kernel with { Text = kernel.Text + Mark })] };
        GeneratedGpu generated = new(network, weights, new Dictionary<string, string> { ["Hawq.host.hawq.json.ptx"] = marked.ToString() });
        using GpuNetwork<byte> gpu = generated.Create<byte>(new GpuOptions());
        (byte[][] images, Dictionary<string, int[]> tensors) = Cases.Random(network, weights, MaxBatch);
        int[] output = new int[gpu.OutputElements];
        gpu.InferBatch(images[0], output, 1);
        Compare("embedded", Expected(network, tensors, 0, 1), output);
        Console.WriteLine($"kernels {made.Kernels.Count}");
        Console.WriteLine($"modules with the mark {EmulatedDevice.Modules.Count(text => text.Contains(Mark, StringComparison.Ordinal))}");
        Console.WriteLine($"modules without {EmulatedDevice.Modules.Count(text => !text.Contains(Mark, StringComparison.Ordinal))}");
    }

    /// <summary>What callers may do wrong, a line each.</summary>
    private static void Misuse()
    {
        (Network Network, NetworkWeights Weights) model = Network();
        GpuNetwork<byte> gpu = Load(model);
        GpuSession<byte> session = gpu.CreateSession();
        int[] output = new int[MaxBatch * gpu.OutputElements];
        Expect<ArgumentOutOfRangeException>("a batch larger than reserved", () => gpu.InferBatch(new byte[(MaxBatch + 1) * gpu.InputElements], output, MaxBatch + 1));
        Expect<ArgumentException>("an input that is too short", () => gpu.InferBatch(new byte[gpu.InputElements - 1], output, 1));
        Expect<ArgumentException>("codes of no whole image", () => gpu.Output(output.AsSpan(1), 0));
        Expect<ArgumentOutOfRangeException>("an output that there is not", () => gpu.Output(output, 2));
        Expect<ArgumentException>("an output that is too short", () => gpu.InferBatch(new byte[2 * gpu.InputElements], new int[gpu.OutputElements], 2));
        session.Start(1);
        Expect<InvalidOperationException>("a second batch before the first has been waited for", () => session.Start(1));
        session.Dispose();
        session.Dispose();
        Expect<ObjectDisposedException>("a disposed session", () => session.Start(1));
        gpu.Dispose();
        gpu.Dispose();
        Expect<ObjectDisposedException>("a disposed network", () => gpu.InferBatch(new byte[gpu.InputElements], output, 1));
        Expect<ArgumentOutOfRangeException>("more elements than an index reaches", () => Load(model, int.MaxValue));

        static void Expect<T>(string what, Action action)
            where T : Exception
        {
            try
            {
                action();
                Console.WriteLine($"{what}: nothing happened");
            }
            catch (Exception error)
            {
                Console.WriteLine($"{what}: {(error.GetType() == typeof(T) ? "refused" : error)}");
            }
        }
    }

    /// <summary>Which device is found, or why none is.</summary>
    private static void Device()
    {
        try
        {
            (Network network, NetworkWeights weights) = Network();
            using LoadedProgram? loaded = DeviceFinder.Load(kind => new GeneratedGpu(network, weights).Program(kind), new GpuOptions(), out _);
            Console.WriteLine($"device {loaded?.Name}");
        }
        catch (HawqException error)
        {
            Console.WriteLine($"{error.Id}: {error.Message}");
        }
    }
}

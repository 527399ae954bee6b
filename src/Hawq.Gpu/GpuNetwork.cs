using Hawq.Gpu.Devices;

namespace Hawq.Gpu;

/// <summary>
/// A network on a GPU: the base of the classes that Hawq.CodeGen generates for <c>Gpu="true"</c>. Weights are loaded and kernels compiled once, by the constructor;
/// inference allocates nothing on CUDA devices.
/// </summary>
/// <typeparam name="T">Type of an input element: byte for pixels, otherwise the type of the codes.</typeparam>
/// <remarks><see cref="InferBatch"/> serves one thread at a time; for more, or to keep several batches in flight, use a <see cref="GpuSession{T}"/> each.</remarks>
public abstract class GpuNetwork<T> : IDisposable
    where T : unmanaged
{
    private readonly LoadedProgram? _loaded;
    private readonly int[] _outputEnds; // of the codes of an image
    private readonly GpuSession<T> _session;
    private int _busy;
    private bool _disposed;

    /// <summary>Finds a device, loads the weights and compiles the kernels.</summary>
    /// <param name="programs">The program of every kind of kernels.</param>
    /// <param name="options">Options, or null for the defaults.</param>
    /// <exception cref="Hawq.Model.HawqException">There is no device that will do, and no fallback was asked for.</exception>
    protected GpuNetwork(Func<KernelKind, DeviceProgram> programs, GpuOptions? options)
    {
        ArgumentNullException.ThrowIfNull(programs);
        Options = options ?? new GpuOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(Options.MaxBatch, 1);
        Program = programs(KernelKind.Cuda);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Options.MaxBatch, Program.MaxBatch);
        _outputEnds = new int[Program.Outputs.Count];
        for (int i = 0, end = 0; i < _outputEnds.Length; i++)
        {
            _outputEnds[i] = end += Program.OutputElements(i);
        }

        _loaded = DeviceFinder.Load(programs, Options, out string? missing);
        NoCuda = missing;
        try
        {
            _session = CreateSession();
        }
        catch
        {
            _loaded?.Dispose(); // for example the device's memory does not hold a batch
            throw;
        }
    }

    /// <summary>Options.</summary>
    public GpuOptions Options { get; }

    /// <summary>Where the network runs.</summary>
    public string Device => _loaded?.Name ?? "CPU network";

    /// <summary>Whether it runs on tensor cores.</summary>
    public bool IsCuda => _loaded?.Program.Kind == KernelKind.Cuda;

    /// <summary>Why it does not run on a CUDA device, for people; null if it does.</summary>
    public string? NoCuda { get; }

    /// <summary>Elements of one input.</summary>
    public int InputElements => Program.Buffers[0].Pixels * Program.Buffers[0].Channels;

    /// <summary>Codes that one image has as output; of a network with several outputs in all of them.</summary>
    public int OutputElements => _outputEnds[^1];

    /// <summary>Outputs of the network, in the order of its CPU class.</summary>
    public int OutputCount => Program.Outputs.Count;

    /// <summary>The launches.</summary>
    protected DeviceProgram Program { get; }

    /// <summary>Runs the network on several inputs.</summary>
    /// <param name="input">The inputs, one behind the other.</param>
    /// <param name="output">Receives the outputs, one behind the other; of several outputs (<see cref="Output"/>) first those of the first output, of all images.</param>
    /// <param name="count">How many, in [1, <see cref="GpuOptions.MaxBatch"/>].</param>
    /// <exception cref="ArgumentException">A span has the wrong length.</exception>
    /// <exception cref="InvalidOperationException">Another thread is running a batch.</exception>
    /// <exception cref="ObjectDisposedException">The network has been disposed.</exception>
    public void InferBatch(ReadOnlySpan<T> input, Span<int> output, int count)
    {
        GpuSession<T>.CheckCount(count, Options.MaxBatch);
        CheckLength(nameof(input), input.Length, (long)count * InputElements, exact: true);
        CheckLength(nameof(output), output.Length, (long)count * OutputElements, exact: false);
        if (Interlocked.Exchange(ref _busy, 1) != 0)
        {
            throw new InvalidOperationException("Another thread is in this network: give each a GpuSession (CreateSession).");
        }

        try
        {
            input.CopyTo(_session.Input);
            _session.Start(count);
            _session.Wait().CopyTo(output);
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    /// <summary>The codes of one of the outputs, one image behind the other.</summary>
    /// <param name="codes">What <see cref="InferBatch"/> or <see cref="GpuSession{T}.Wait"/> gave: <see cref="OutputElements"/> codes for every image.</param>
    /// <param name="output">Which output, in [0, <see cref="OutputCount"/>).</param>
    /// <exception cref="ArgumentException">The codes are not those of whole images.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such output.</exception>
    public ReadOnlySpan<int> Output(ReadOnlySpan<int> codes, int output)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(output);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(output, OutputCount);
        int images = Math.DivRem(codes.Length, OutputElements, out int rest);
        return rest == 0
            ? codes[(images * (_outputEnds[output] - Program.OutputElements(output)))..(images * _outputEnds[output])]
            : throw new ArgumentException($"{codes.Length} codes are not those of whole images: each has {OutputElements}.", nameof(codes));
    }

    /// <summary>
    /// A stream of its own, with its own activations: batches of different sessions overlap, and each may be used by another thread.
    /// </summary>
    /// <remarks>Dispose sessions before the network.</remarks>
    public GpuSession<T> CreateSession()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new(_loaded, _loaded is null ? CreateCpuNetwork() : null, Options.MaxBatch, InputElements, OutputElements);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _session.Dispose();
            _loaded?.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>The CPU network of the same assembly, for <see cref="GpuFallback.CpuNetwork"/>.</summary>
    protected abstract CpuNetwork<T> CreateCpuNetwork();

    private static void CheckLength(string name, int actual, long expected, bool exact)
    {
        if (actual < expected || (exact && actual != expected))
        {
            throw new ArgumentException($"The span has {actual} elements; {expected} are needed.", name);
        }
    }
}

/// <summary>The CPU network that a GPU class falls back to.</summary>
/// <typeparam name="T">Type of an input element.</typeparam>
public abstract class CpuNetwork<T> : IDisposable
    where T : unmanaged
{
    /// <summary>Runs the network on several inputs.</summary>
    /// <param name="input">The inputs, one behind the other.</param>
    /// <param name="output">Receives the outputs, in the order of <see cref="GpuNetwork{T}.InferBatch"/>.</param>
    /// <param name="count">How many.</param>
    public abstract void InferBatch(ReadOnlySpan<T> input, Span<int> output, int count);

    /// <inheritdoc/>
    public abstract void Dispose();
}

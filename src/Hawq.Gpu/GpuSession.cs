using System.Runtime.InteropServices;
using Hawq.Gpu.Devices;
using ILGPU;
using ILGPU.Runtime;

namespace Hawq.Gpu;

/// <summary>
/// A stream with its activations and its page-locked input and output: fill <see cref="Input"/>, <see cref="Start"/>, do something else, <see cref="Wait"/>.
/// Serves one thread at a time. On CUDA devices none of it allocates.
/// </summary>
/// <typeparam name="T">Type of an input element.</typeparam>
public sealed class GpuSession<T> : IDisposable
    where T : unmanaged
{
    private readonly LoadedProgram? _loaded;
    private readonly CpuNetwork<T>? _cpu;
    private readonly int _maxBatch;
    private readonly int _inputElements;
    private readonly int _outputElements;
    private readonly T[] _cpuInput = [];
    private readonly int[] _codes;
    private readonly AcceleratorStream? _stream;
    private readonly MemoryBuffer1D<int, Stride1D.Dense>[] _buffers = [];
    private readonly PageLockedArray1D<int>? _pinnedInput;
    private readonly PageLockedArray1D<int>[] _pinnedOutputs = [];
    private readonly LaunchList? _launches;
    private int _running;
    private bool _disposed;

    internal GpuSession(LoadedProgram? loaded, CpuNetwork<T>? cpu, int maxBatch, int inputElements, int outputElements)
    {
        _loaded = loaded;
        _cpu = cpu;
        _maxBatch = maxBatch;
        _inputElements = inputElements;
        _outputElements = outputElements;
        _codes = new int[checked(maxBatch * outputElements)];
        if (loaded is null)
        {
            _cpuInput = new T[checked(maxBatch * inputElements)];
            return;
        }

        DeviceProgram program = loaded.Program;
        loaded.Accelerator.Bind();
        _stream = loaded.Accelerator.CreateStream();
        _buffers = [.. program.Buffers.Select(buffer => loaded.Accelerator.Allocate1D<int>(buffer.Words(maxBatch)))];
        foreach (MemoryBuffer1D<int, Stride1D.Dense> buffer in _buffers)
        {
            buffer.MemSetToZero(_stream);
        }

        _pinnedInput = loaded.Accelerator.AllocatePageLocked1D<int>(program.Buffers[0].Words(maxBatch));
        _pinnedOutputs = [.. program.Outputs.Select(output => loaded.Accelerator.AllocatePageLocked1D<int>(program.Buffers[output].Words(maxBatch)))];
        _launches = loaded.Bind(_stream, _buffers);
        _stream.Synchronize();
    }

    /// <summary>Page-locked memory for the inputs of the largest batch, one behind the other.</summary>
    /// <exception cref="ObjectDisposedException">The session has been disposed: the memory is gone.</exception>
    public Span<T> Input
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _pinnedInput is null ? _cpuInput : MemoryMarshal.Cast<int, T>(_pinnedInput.Span);
        }
    }

    /// <summary>Starts a batch and returns at once; <see cref="Input"/> must not change until <see cref="Wait"/> has returned.</summary>
    /// <param name="count">Images, in [1, <see cref="GpuOptions.MaxBatch"/>].</param>
    /// <exception cref="InvalidOperationException">The batch before it has not been waited for.</exception>
    public void Start(int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CheckCount(count, _maxBatch);
        if (Interlocked.CompareExchange(ref _running, count, 0) != 0)
        {
            throw new InvalidOperationException("A batch is running: call Wait first, or use another session.");
        }

        if (_loaded is null)
        {
            _cpu!.InferBatch(_cpuInput.AsSpan(0, count * _inputElements), _codes, count);
            return;
        }

        _loaded.Accelerator.Bind();
        long input = _loaded.Program.Buffers[0].Words(count);
        _pinnedInput!.ArrayView.SubView(0, input).CopyTo(_stream!, _buffers[0].AsArrayView<int>(0, input));
        _launches!.Run(count);
        DeviceProgram program = _loaded.Program;
        for (int i = 0; i < program.Outputs.Count; i++)
        {
            long output = program.Buffers[program.Outputs[i]].Words(count);
            _buffers[program.Outputs[i]].AsArrayView<int>(0, output).CopyTo(_stream!, _pinnedOutputs[i].ArrayView.SubView(0, output));
        }
    }

    /// <summary>
    /// Waits for the batch and returns its outputs, one image behind the other; of several outputs (<see cref="GpuNetwork{T}.Output"/>) first those of the first output.
    /// Valid until the next <see cref="Wait"/>; empty if no batch was started.
    /// </summary>
    public ReadOnlySpan<int> Wait()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int count = _running;
        if (_loaded is not null)
        {
            _stream!.Synchronize();
            DeviceProgram program = _loaded.Program;
            Span<int> codes = _codes;
            for (int i = 0; i < program.Outputs.Count; i++)
            {
                ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(_pinnedOutputs[i].Span);
                int length = program.OutputElements(i);
                for (int image = 0; image < count; image++)
                {
                    program.Buffers[program.Outputs[i]].Read(bytes, image, codes[..length]);
                    codes = codes[length..];
                }
            }
        }

        Volatile.Write(ref _running, 0);
        return _codes.AsSpan(0, count * _outputElements);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _cpu?.Dispose();
        if (_loaded is null)
        {
            return;
        }

        _loaded.Accelerator.Bind();
        _stream!.Synchronize();
        _launches!.Dispose();
        _pinnedInput!.Dispose();
        Array.ForEach(_pinnedOutputs, output => output.Dispose());
        foreach (MemoryBuffer1D<int, Stride1D.Dense> buffer in _buffers)
        {
            buffer.Dispose();
        }

        _stream.Dispose();
    }

    internal static void CheckCount(int count, int maxBatch)
    {
        if (count < 1 || count > maxBatch)
        {
            throw new ArgumentOutOfRangeException(nameof(count), count, $"The batch must be in [1, {maxBatch}] (GpuOptions.MaxBatch).");
        }
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hawq.Gpu.Tests.Ptx;

namespace Hawq.Gpu.Tests.Driver;

/// <summary>Puts the PTX interpreter behind the stub driver: what Hawq.Gpu launches through ILGPU and the driver's entry points is computed.</summary>
internal static unsafe class EmulatedDevice
{
    private static readonly Dictionary<string, PtxKernel> s_kernels = [];

    /// <summary>The first launch that failed: an exception cannot travel through the driver.</summary>
    public static Exception? Error { get; private set; }

    /// <summary>The texts of the modules that have run.</summary>
    public static IEnumerable<string> Modules => s_kernels.Keys;

    /// <summary>From now on launches compute.</summary>
    public static void Connect() => StubCalls.OnLaunch(&Launch);

    [UnmanagedCallersOnly]
    private static void Launch(byte* ptx, uint* grid, uint threads, void** parameters)
    {
        try
        {
            string text = Marshal.PtrToStringUTF8((nint)ptx)!;
            if (!s_kernels.TryGetValue(text, out PtxKernel? kernel))
            {
                s_kernels.Add(text, kernel = PtxLoader.Load(text));
            }

            object[] arguments = new object[kernel.Parameters.Count];
            for (int i = 0; i < arguments.Length; i++)
            {
                arguments[i] = kernel.Parameters[i].Bytes == 16 ? Unsafe.ReadUnaligned<PtxBuffer>(parameters[i]) : *(int*)parameters[i];
            }

            new PtxMachine(kernel, new Memory()).Launch(((int)grid[0], (int)grid[1], (int)grid[2]), (int)threads, arguments);
        }
        catch (Exception error)
        {
            Error ??= error;
        }
    }

    /// <summary>The driver's blocks of device memory, which are native memory.</summary>
    private sealed class Memory : IPtxMemory
    {
        private (ulong Start, ulong End)? _last;

        public Span<byte> Access(ulong address, int length, string instruction)
        {
            lock (this)
            {
                if (_last is not { } last || address < last.Start || address + (ulong)length > last.End)
                {
                    if (!StubCalls.Find(address, out ulong start, out nuint bytes) || address + (ulong)length > start + bytes)
                    {
                        throw new PtxException($"Global access of {length} bytes at {address} is out of bounds: {instruction}");
                    }

                    _last = (start, start + bytes);
                }
            }

            return new Span<byte>((void*)address, length);
        }
    }
}

using Hawq.Gpu.Devices;
using ILGPU;
using ILGPU.Runtime;

namespace Hawq.Gpu.Tests;

/// <summary>Runs the portable kernels of a generated GPU class on a device and reads every tensor back.</summary>
internal static class PortableNetwork
{
    /// <summary>Codes of every tensor by name.</summary>
    public static Dictionary<string, int[]> Run(LoadedProgram loaded, params byte[][] inputs)
    {
        Accelerator accelerator = loaded.Accelerator;
        using AcceleratorStream stream = accelerator.CreateStream();
        MemoryBuffer1D<int, Stride1D.Dense>[] buffers = [.. loaded.Program.Buffers.Select(buffer => accelerator.Allocate1D<int>(buffer.Words(inputs.Length)))];
        buffers[0].CopyFromCPU(DeviceCodes.Inputs(inputs));
        using (LaunchList launches = loaded.Bind(stream, buffers))
        {
            launches.Run(inputs.Length);
            stream.Synchronize();
        }

        Dictionary<string, int[]> codes = DeviceCodes.ReadAll(loaded.Program, inputs.Length, i => buffers[i].GetAsArray1D());
        Array.ForEach(buffers, buffer => buffer.Dispose());
        return codes;
    }
}

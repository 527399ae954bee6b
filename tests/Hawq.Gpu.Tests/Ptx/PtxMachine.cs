using System.Buffers.Binary;

namespace Hawq.Gpu.Tests.Ptx;

/// <summary>
/// Runs a kernel, blocks independently of each other. Within a block a thread runs until it needs others: a warp instruction runs when all 32 lanes have arrived at it, a
/// barrier when all threads of the block have. Threads that meet at different places are an error, since the hardware's behaviour would be
/// undefined. It models results, not time, and no weak memory order beyond the race detector of <see cref="PtxSharedMemory"/>.
/// </summary>
public sealed class PtxMachine(PtxKernel kernel, IPtxMemory memory)
{
    private readonly PtxOperation[] _code = [.. kernel.Code];
    private readonly int _uniformBranches = kernel.Code.Count(i => i.UniformBranch >= 0);

    /// <summary>Launches with arguments in parameter order: <see cref="PtxBuffer"/>, int or long.</summary>
    public void Launch((int X, int Y, int Z) grid, int threads, params object[] arguments)
    {
        byte[] parameters = Marshal(arguments);
        PtxException? error = null;
        Parallel.For(0, grid.X * grid.Y * grid.Z, (i, state) =>
        {
            try
            {
                RunBlock(new PtxBlock(i % grid.X, i / grid.X % grid.Y, i / grid.X / grid.Y, grid, threads, kernel.SharedBytes, memory, parameters));
            }
            catch (PtxException exception)
            {
                error = exception;
                state.Stop();
            }
        });
        if (error is not null)
        {
            throw error;
        }
    }

    private byte[] Marshal(object[] arguments)
    {
        if (arguments.Length != kernel.Parameters.Count)
        {
            throw new PtxException($"{kernel.Name} takes {kernel.Parameters.Count} arguments, not {arguments.Length}.");
        }

        byte[] parameters = new byte[kernel.ParameterBytes];
        for (int i = 0; i < arguments.Length; i++)
        {
            (int offset, int size) = kernel.Parameters[i];
            Span<byte> target = parameters.AsSpan(offset, size);
            switch (arguments[i])
            {
                case PtxBuffer buffer when size == 16:
                    BinaryPrimitives.WriteUInt64LittleEndian(target, buffer.Address);
                    BinaryPrimitives.WriteInt64LittleEndian(target[8..], buffer.Length);
                    break;
                case int value when size == 4: BinaryPrimitives.WriteInt32LittleEndian(target, value); break;
                case long value when size == 8: BinaryPrimitives.WriteInt64LittleEndian(target, value); break;
                default: throw new PtxException($"Argument {i} of {kernel.Name} has {size} bytes; {arguments[i].GetType().Name} does not fit.");
            }
        }

        return parameters;
    }

    private void RunBlock(PtxBlock block)
    {
        var threads = new PtxThread[block.Threads];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new PtxThread(i, kernel.RegisterCount, kernel.LocalBytes, block, _uniformBranches);
        }

        PtxThread[][] warps = threads.Chunk(PtxThread.WarpSize).ToArray();
        while (true)
        {
            foreach (PtxThread thread in threads)
            {
                RunThread(thread);
            }

            bool progress = false;
            foreach (PtxThread[] warp in warps)
            {
                progress |= RunWarpInstructions(warp);
            }

            if (Array.TrueForAll(threads, thread => thread.Exited))
            {
                return;
            }

            if (Array.TrueForAll(threads, thread => thread.Exited || _code[thread.Next].Execution == PtxExecution.Block))
            {
                int barrier = threads.First(thread => !thread.Exited).Next;
                if (Array.Exists(threads, thread => thread.Exited || thread.Next != barrier))
                {
                    throw new PtxException($"Not all threads reach the barrier at instruction {barrier}.");
                }

                foreach (PtxThread thread in threads)
                {
                    thread.Next++;
                }

                block.Shared.Barrier();
                progress = true;
            }

            if (!progress)
            {
                throw new PtxException("Deadlock: no thread can go on.");
            }
        }
    }

    private bool RunWarpInstructions(PtxThread[] warp)
    {
        bool progress = false;
        while (Array.Find(warp, thread => !thread.Exited && _code[thread.Next].Execution == PtxExecution.Warp) is { } waiting)
        {
            PtxOperation instruction = _code[waiting.Next];
            if (warp.Length != PtxThread.WarpSize || Array.Exists(warp, thread => thread.Exited || thread.Next != waiting.Next))
            {
                throw new PtxException($"The warp has not converged at: {instruction.Text}");
            }

            instruction.RunWarp!(warp);
            foreach (PtxThread thread in warp)
            {
                thread.Next++;
                RunThread(thread);
            }

            progress = true;
        }

        return progress;
    }

    /// <summary>Runs until the thread exits or stands at an enabled warp instruction or barrier.</summary>
    private void RunThread(PtxThread thread)
    {
        while (!thread.Exited)
        {
            PtxOperation instruction = _code[thread.Next];
            bool enabled = instruction.Enabled(thread);
            if (instruction.UniformBranch >= 0)
            {
                CheckUniform(thread, instruction, enabled);
            }

            if (!enabled)
            {
                thread.Next++;
                continue;
            }

            if (instruction.Execution != PtxExecution.Thread)
            {
                return;
            }

            thread.Next++;
            instruction.Run!(thread);
        }
    }

    /// <summary>bra.uni promises that all active lanes of the warp agree; ILGPU once broke that promise (see the remarks in the tests).</summary>
    private static void CheckUniform(PtxThread thread, PtxOperation instruction, bool taken)
    {
        int branch = instruction.UniformBranch;
        (int Warp, int Branch, int Visit) key = (thread.Warp, branch, thread.UniformVisits[branch]++);
        if (!thread.Block.UniformDirections.TryAdd(key, taken) && thread.Block.UniformDirections[key] != taken)
        {
            throw new PtxException($"Divergent uniform branch in warp {thread.Warp}: {instruction.Text}");
        }
    }
}

using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints <c>Name.Threads.g.cs</c>: the threads of an instance.</summary>
internal static class TeamEmitter
{
    public static void Write(SourceWriter writer, NetworkPlan plan, EmitOptions options)
    {
        string input = $"{InputEmitter.CallerType(plan.Input)}* {InputEmitter.CallerName(plan.Input)}";
        string[] outputs = [.. plan.Network.Outputs.Select((_, i) => $"int* {Emitter.OutputName(plan, i)}")];
        string[] pointers = [input, .. outputs, "byte* arena", "byte* weights"];
        writer.Line("using global::System.Threading;");
        writer.Blank();
        using (writer.Block($"unsafe partial class {options.ClassName}"))
        {
            writer.Line("/// <summary>The threads that work on one inference: the caller's and those owned by the instance. All do every step together.</summary>");
            using (writer.Block("private sealed class Team"))
            {
                writer.Line(Barrier);
                writer.Blank();
                if (options.Trace)
                {
                    writer.Line("internal global::System.Action<int>? Trace;");
                }

                foreach (string pointer in pointers)
                {
                    writer.Line($"private {pointer.Replace("* ", "* _")};");
                }

                writer.Blank();
                writer.Line("/// <summary>Runs the network once, on all threads.</summary>");
                using (writer.Block(CodeText.List("internal void Run", pointers, string.Empty)))
                {
                    foreach (string name in pointers.Select(Name))
                    {
                        writer.Line($"_{name} = {name};");
                    }

                    writer.Line("Wait();");
                    writer.Line($"{options.ClassName}.Run({string.Join(", ", pointers.Select(Name))}, 0, this);");
                }

                writer.Blank();
                using (writer.Block("private void Work(object? worker)"))
                {
                    writer.Line("Wait();");
                    using (writer.Block("while (!_stopped)"))
                    {
                        writer.Line($"{options.ClassName}.Run({string.Join(", ", pointers.Select(p => "_" + Name(p)))}, (int)worker!, this);");
                        writer.Line("Wait();");
                    }
                }
            }
        }
    }

    private static string Name(string parameter) => parameter.Substring(parameter.IndexOf("* ", StringComparison.Ordinal) + 2);

    // Constant text. The barrier is the only meeting point: idle workers wait in it for the next inference.
    private const string Barrier =
        """
        // A step takes some 10 microseconds and more. Waiting threads look for about 100 before they sleep: waking up takes longer. Where the others
        // do not run at the same time (they share a processor, or the host has taken one away), looking only keeps them from it: every wait that was
        // longer halves the number of looks, every shorter one doubles it.
        private const int MostLooks = 128;
        private static readonly long LongestLook = global::System.Diagnostics.Stopwatch.Frequency / 10_000;

        private readonly object _lock = new();
        private readonly int _threads;
        private readonly long _reciprocal; // 2^32 / threads, rounded up
        private int _arrived;
        private int _generation;
        private int _sleeping;
        private int _looks = MostLooks;
        private long _released; // when the last wait ended; waking up takes longer
        private volatile bool _stopped;

        internal Team(int threads)
        {
            _threads = threads;
            _reciprocal = ((1L << 32) + threads - 1) / threads;
            for (int i = 1; i < threads; i++)
            {
                new Thread(Work) { IsBackground = true, Name = "Hawq worker" }.Start(i);
            }
        }

        /// <summary>First unit of a worker: floor(units * worker / threads), exact while units * threads^2 is below 2^32.</summary>
        internal int Share(int units, int worker) => (int)((units * worker * _reciprocal) >> 32);

        /// <summary>Ends the threads. Not while an inference runs.</summary>
        internal void Stop()
        {
            if (!_stopped)
            {
                _stopped = true;
                Wait();
            }
        }

        /// <summary>Returns when all threads have arrived here.</summary>
        internal void Wait()
        {
            if (_threads == 1)
            {
                return;
            }

            int generation = Volatile.Read(ref _generation);
            if (Interlocked.Increment(ref _arrived) == _threads)
            {
                _arrived = 0;
                _released = global::System.Diagnostics.Stopwatch.GetTimestamp();
                Interlocked.Increment(ref _generation);
                if (Volatile.Read(ref _sleeping) > 0)
                {
                    lock (_lock)
                    {
                        Monitor.PulseAll(_lock);
                    }
                }

                return;
            }

            int looks = _looks;
            for (int i = 0; i < looks; i++)
            {
                if (Volatile.Read(ref _generation) != generation)
                {
                    _looks = global::System.Math.Min(MostLooks, 2 * looks);
                    return;
                }

                Thread.SpinWait(20);
            }

            long start = global::System.Diagnostics.Stopwatch.GetTimestamp();
            lock (_lock)
            {
                Interlocked.Increment(ref _sleeping);
                while (Volatile.Read(ref _generation) == generation)
                {
                    Monitor.Wait(_lock);
                }

                Interlocked.Decrement(ref _sleeping);
            }

            bool longer = _released - start > LongestLook;
            _looks = longer ? global::System.Math.Max(1, looks >> 1) : global::System.Math.Min(MostLooks, 2 * looks);
        }
        """;
}

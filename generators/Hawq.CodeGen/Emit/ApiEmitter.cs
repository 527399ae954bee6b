using System.Globalization;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints <c>Name.g.cs</c>: the public class.</summary>
internal static class ApiEmitter
{
    public static void Write(SourceWriter writer, NetworkPlan plan, EmitOptions options)
    {
        Network network = plan.Network;
        Shape input = plan.Input.Target.Tensor.Shape;
        writer.Line($"/// <summary>The network {Escape(network.Name)}: {network.Layers.Count} layers in integers, {input} {InputEmitter.CallerName(plan.Input)} in, {string.Join(" and ", network.Outputs.Select(o => $"{network.Tensor(o).Shape}"))} out.</summary>");
        writer.Line("/// <remarks>");
        writer.Line($"/// An instance owns {plan.Arena.Bytes} bytes of working memory and serves one thread at a time (a second one gets an exception, not wrong results);");
        writer.Line($"/// {plan.WeightBytes} bytes of weights and tables are shared by all instances and loaded with the first one. Inference allocates nothing and uses neither");
        writer.Line("/// floating point nor division.");
        foreach (Setting setting in network.Provenance.Settings)
        {
            writer.Line($"/// <para>{Escape(setting.Name)}: {Escape(setting.Value)}</para>");
        }

        writer.Line("/// </remarks>");
        writer.Line($"[global::System.CodeDom.Compiler.GeneratedCode(\"Hawq.CodeGen\", \"{EmitOptions.Version}\")]");
        using (writer.Block($"{(options.Public ? "public" : "internal")} sealed unsafe partial class {options.ClassName} : global::System.IDisposable"))
        {
            WriteConstants(writer, plan);
            WriteLifetime(writer, plan, options);
            WriteInfer(writer, plan);
            WriteInferBatch(writer, plan);
            if (plan.Network.Outputs.Count == 1)
            {
                WriteClassify(writer, plan);
            }

            if (plan.Input.Tables.Count == 0)
            {
                WriteQuantize(writer, plan);
            }

            WriteThrow(writer, options);
        }
    }

    private static void WriteConstants(SourceWriter writer, NetworkPlan plan)
    {
        Tensor input = plan.Input.Target.Tensor;
        string what = InputEmitter.CallerName(plan.Input);
        writer.Line($"/// <summary>Number of {what} that one inference takes.</summary>");
        writer.Line($"public const int InputLength = {input.Shape.Length};");
        foreach ((string name, int value) in new[] { ("Height", input.Shape.Height), ("Width", input.Shape.Width), ("Channels", input.Shape.Channels) })
        {
            writer.Blank();
            writer.Line($"/// <summary>Input {name.ToLowerInvariant()}; {what} lie row by row, channels innermost.</summary>");
            writer.Line($"public const int Input{name} = {value};");
        }

        for (int i = 0; i < plan.Network.Outputs.Count; i++)
        {
            Tensor output = plan.Network.Tensor(plan.Network.Outputs[i]);
            string suffix = plan.Network.Outputs.Count == 1 ? string.Empty : CodeText.Number(i + 1);
            writer.Blank();
            writer.Line($"/// <summary>Number of codes of the output {Escape(output.Name)}, {output.Shape}, in [{output.Lo}, {output.Hi}].</summary>");
            writer.Line($"public const int OutputLength{suffix} = {output.Shape.Length};");
            writer.Blank();
            writer.Line($"/// <summary>Real value of one step of the output: (code{CodeText.Plus(-output.ZeroPoint)}) * this. For people; inference does not read it.</summary>");
            writer.Line($"public const float OutputScale{suffix} = {output.Scale.ToString("R", CultureInfo.InvariantCulture)}f;");
        }

        if (plan.Network.Labels.Count > 0)
        {
            writer.Blank();
            writer.Line("/// <summary>Name of every class, in the order of the output.</summary>");
            writer.Line($"public static global::System.Collections.Generic.IReadOnlyList<string> Labels {{ get; }} = global::System.Array.AsReadOnly<string>([{string.Join(", ", plan.Network.Labels.Select(Literal))}]);");
        }
    }

    private static void WriteLifetime(SourceWriter writer, NetworkPlan plan, EmitOptions options)
    {
        writer.Blank();
        writer.Line("private readonly byte[] _memory; // pinned; the arena is its 64-byte aligned part");
        writer.Line("private readonly byte* _arena;");
        writer.Line("private readonly byte* _weights;");
        writer.Line("private readonly Team _team;");
        writer.Line("private int _state; // 0: free, 1: an inference runs, 2: disposed");
        writer.Blank();
        writer.Line("/// <summary>Creates an instance that works on the caller's thread; the first one loads the weights.</summary>");
        writer.Line("/// <exception cref=\"global::System.InvalidOperationException\">The embedded weights are missing or are not this network's.</exception>");
        using (writer.Block($"public {options.ClassName}() : this(new Options())"))
        {
        }

        writer.Blank();
        writer.Line("/// <summary>Creates an instance; the first one loads the weights.</summary>");
        writer.Line("/// <exception cref=\"global::System.ArgumentOutOfRangeException\">The number of threads is not in [1, 256].</exception>");
        writer.Line("/// <exception cref=\"global::System.InvalidOperationException\">The embedded weights are missing or are not this network's.</exception>");
        using (writer.Block($"public {options.ClassName}(Options options)"))
        {
            writer.Line("global::System.ArgumentNullException.ThrowIfNull(options);");
            using (writer.Block("if (options.Threads is < 1 or > 256)"))
            {
                writer.Line("throw new global::System.ArgumentOutOfRangeException(nameof(options), options.Threads, \"Threads must be in [1, 256].\");");
            }

            writer.Blank();
            writer.Line("_weights = Weights.Block;");
            string scratch = plan.ScratchBytes == 0 ? string.Empty : $" + options.Threads * {plan.ScratchBytes}";
            writer.Line($"_memory = global::System.GC.AllocateArray<byte>(checked({plan.Arena.Bytes + 64}{scratch}), pinned: true);");
            writer.Line("_arena = Align(_memory);");
            writer.Line("_team = new Team(options.Threads);");
        }

        writer.Blank();
        writer.Line("/// <summary>Ends the threads of an instance that was not disposed.</summary>");
        using (writer.Block($"~{options.ClassName}()"))
        {
            writer.Line("_team?.Stop();");
        }

        if (options.Trace)
        {
            writer.Blank();
            writer.Line("/// <summary>Called with the index of every step after it.</summary>");
            writer.Line("public global::System.Action<int>? Trace { get => _team.Trace; set => _team.Trace = value; }");
            writer.Blank();
            writer.Line("/// <summary>The arena, for tracing.</summary>");
            writer.Line("public nint Arena => (nint)_arena;");
        }

        writer.Blank();
        writer.Line("/// <summary>Ends the threads. Working memory belongs to the garbage collector.</summary>");
        writer.Line("/// <exception cref=\"global::System.InvalidOperationException\">Another thread runs an inference on this instance.</exception>");
        using (writer.Block("public void Dispose()"))
        {
            using (writer.Block("if (global::System.Threading.Interlocked.CompareExchange(ref _state, 2, 0) == 1)"))
            {
                writer.Line("ThrowState(1);");
            }

            writer.Blank();
            writer.Line("_team.Stop();");
            writer.Line("global::System.GC.SuppressFinalize(this);");
        }

        writer.Blank();
        writer.Line("/// <summary>How an instance works.</summary>");
        using (writer.Block("public sealed class Options"))
        {
            writer.Line("/// <summary>Threads that work on one inference together, the caller's included; in [1, 256]. Results do not depend on it.</summary>");
            writer.Line("public int Threads { get; init; } = 1;");
        }

        writer.Blank();
        using (writer.Block("private static byte* Align(byte[] pinned)"))
        {
            writer.Line("byte* start = (byte*)global::System.Runtime.CompilerServices.Unsafe.AsPointer(ref global::System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(pinned));");
            writer.Line("return (byte*)(((nuint)start + 63) & ~(nuint)63);");
        }
    }

    private static void WriteInfer(SourceWriter writer, NetworkPlan plan)
    {
        string source = InputEmitter.CallerName(plan.Input);
        string type = InputEmitter.CallerType(plan.Input);
        Tensor input = plan.Input.Target.Tensor;
        int outputs = plan.Network.Outputs.Count;
        writer.Blank();
        writer.Line("/// <summary>Runs the network once.</summary>");
        writer.Line(plan.Input.Tables.Count > 0
            ? $"/// <param name=\"pixels\">{input.Shape} bytes, row by row, channels innermost{(plan.Network.Input.Preprocess is { } p ? $" ({Escape(p.ChannelOrder)})" : string.Empty)}.</param>"
            : $"/// <param name=\"codes\">{input.Shape} codes in [{input.Lo}, {input.Hi}] (others are clamped), row by row, channels innermost.</param>");
        for (int i = 0; i < outputs; i++)
        {
            writer.Line($"/// <param name=\"{Emitter.OutputName(plan, i)}\">Receives the codes of {Escape(plan.Network.Outputs[i])}; at least as long as the output.</param>");
        }

        writer.Line("/// <exception cref=\"global::System.ArgumentException\">A span has the wrong length.</exception>");
        writer.Line("/// <exception cref=\"global::System.InvalidOperationException\">Another thread runs an inference on this instance, or the instance is disposed.</exception>");
        string parameters = string.Concat(Enumerable.Range(0, outputs).Select(i => $", global::System.Span<int> {Emitter.OutputName(plan, i)}"));
        using (writer.Block($"public void Infer(global::System.ReadOnlySpan<{type}> {source}{parameters})"))
        {
            using (writer.Block($"if ({source}.Length != InputLength)"))
            {
                writer.Line($"ThrowLength(nameof({source}), {source}.Length, InputLength);");
            }

            for (int i = 0; i < outputs; i++)
            {
                string name = Emitter.OutputName(plan, i);
                string length = $"OutputLength{(outputs == 1 ? string.Empty : CodeText.Number(i + 1))}";
                writer.Blank();
                using (writer.Block($"if ({name}.Length < {length})"))
                {
                    writer.Line($"ThrowLength(nameof({name}), {name}.Length, {length});");
                }
            }

            // One interlocked operation, some nanoseconds: two threads in one arena would give wrong logits without a word.
            writer.Blank();
            writer.Line("int state = global::System.Threading.Interlocked.CompareExchange(ref _state, 1, 0);");
            using (writer.Block("if (state != 0)"))
            {
                writer.Line("ThrowState(state);");
            }

            writer.Blank();
            writer.Line($"fixed ({type}* {source}Pointer = {source})");
            foreach (string name in Enumerable.Range(0, outputs).Select(i => Emitter.OutputName(plan, i)))
            {
                writer.Line($"fixed (int* {name}Pointer = {name})");
            }

            using (writer.Block())
            {
                string arguments = string.Concat(Enumerable.Range(0, outputs).Select(i => $", {Emitter.OutputName(plan, i)}Pointer"));
                writer.Line($"_team.Run({source}Pointer{arguments}, _arena, _weights);");
            }

            writer.Blank();
            writer.Line("global::System.Threading.Volatile.Write(ref _state, 0);");
            writer.Line("global::System.GC.KeepAlive(this);");
        }
    }

    private static void WriteInferBatch(SourceWriter writer, NetworkPlan plan)
    {
        string source = InputEmitter.CallerName(plan.Input);
        string[] names = [.. Enumerable.Range(0, plan.Network.Outputs.Count).Select(i => Emitter.OutputName(plan, i))];
        string[] lengths = [.. names.Select((_, i) => $"OutputLength{(names.Length == 1 ? string.Empty : CodeText.Number(i + 1))}")];
        writer.Blank();
        writer.Line("/// <summary>Runs the network on several inputs, one after the other.</summary>");
        writer.Line($"/// <param name=\"{source}\">The inputs, one behind the other.</param>");
        foreach (string name in names)
        {
            writer.Line($"/// <param name=\"{name}\">Receives the outputs, one behind the other.</param>");
        }

        writer.Line("/// <param name=\"count\">How many.</param>");
        writer.Line("/// <exception cref=\"global::System.ArgumentException\">A span has the wrong length.</exception>");
        string outputs = string.Concat(names.Select(name => $", global::System.Span<int> {name}"));
        using (writer.Block($"public void InferBatch(global::System.ReadOnlySpan<{InputEmitter.CallerType(plan.Input)}> {source}{outputs}, int count)"))
        {
            using (writer.Block($"if ({source}.Length != (long)count * InputLength)"))
            {
                writer.Line($"ThrowLength(nameof({source}), {source}.Length, (long)count * InputLength);");
            }

            for (int i = 0; i < names.Length; i++)
            {
                writer.Blank();
                using (writer.Block($"if ({names[i]}.Length < (long)count * {lengths[i]})"))
                {
                    writer.Line($"ThrowLength(nameof({names[i]}), {names[i]}.Length, (long)count * {lengths[i]});");
                }
            }

            writer.Blank();
            using (writer.Block("for (int i = 0; i < count; i++)"))
            {
                string targets = string.Concat(names.Select((name, i) => $", {name}.Slice(i * {lengths[i]}, {lengths[i]})"));
                writer.Line($"Infer({source}.Slice(i * InputLength, InputLength){targets});");
            }
        }
    }

    private static void WriteClassify(SourceWriter writer, NetworkPlan plan)
    {
        string source = InputEmitter.CallerName(plan.Input);
        writer.Blank();
        writer.Line("/// <summary>Runs the network once and returns the index of the largest output, the first one of equals.</summary>");
        writer.Line($"/// <param name=\"{source}\">As for <see cref=\"Infer\"/>.</param>");
        writer.Line("/// <exception cref=\"global::System.ArgumentException\">The span has the wrong length.</exception>");
        using (writer.Block($"public int Classify(global::System.ReadOnlySpan<{InputEmitter.CallerType(plan.Input)}> {source})"))
        {
            writer.Line("int* logits = stackalloc int[OutputLength];");
            writer.Line($"Infer({source}, new global::System.Span<int>(logits, OutputLength));");
            writer.Line("int best = 0;");
            using (writer.Block("for (int i = 1; i < OutputLength; i++)"))
            {
                using (writer.Block("if (logits[i] > logits[best])"))
                {
                    writer.Line("best = i;");
                }
            }

            writer.Blank();
            writer.Line("return best;");
        }
    }

    private static void WriteQuantize(SourceWriter writer, NetworkPlan plan)
    {
        Tensor input = plan.Input.Target.Tensor;
        string type = InputEmitter.CallerType(plan.Input);
        string scale = input.Scale.ToString("R", CultureInfo.InvariantCulture);
        writer.Blank();
        writer.Line("/// <summary>Turns real values into input codes: a helper outside the integer-only inference path.</summary>");
        writer.Line($"/// <param name=\"values\">Real values; one code is {scale}.</param>");
        writer.Line("/// <param name=\"codes\">Receives as many codes.</param>");
        using (writer.Block($"public static void QuantizeInput(global::System.ReadOnlySpan<float> values, global::System.Span<{type}> codes)"))
        {
            using (writer.Block("for (int i = 0; i < values.Length; i++)"))
            {
                writer.Line($"float code = global::System.MathF.Round(values[i] / {scale}f){CodeText.Plus(input.ZeroPoint)};");
                writer.Line($"codes[i] = ({type})global::System.Math.Clamp(code, {input.Lo}f, {input.Hi}f);");
            }
        }
    }

    private static void WriteThrow(SourceWriter writer, EmitOptions options)
    {
        writer.Blank();
        writer.Line("[global::System.Diagnostics.CodeAnalysis.DoesNotReturn]");
        using (writer.Block("private static void ThrowLength(string name, int actual, long expected)"))
        {
            writer.Line("throw new global::System.ArgumentException($\"The span has {actual} elements; {expected} are needed.\", name);");
        }

        writer.Blank();
        writer.Line("[global::System.Diagnostics.CodeAnalysis.DoesNotReturn]");
        using (writer.Block("private static void ThrowState(int state)"))
        {
            writer.Line($"throw state == 2 ? new global::System.ObjectDisposedException(nameof({options.ClassName}))");
            writer.Line($"    : new global::System.InvalidOperationException(\"This {options.ClassName} runs an inference on another thread. An instance serves one thread at a time: make one per thread, they share the weights.\");");
        }
    }

    private static string Escape(string text) => KernelLibrary.Escape(text);

    private static string Literal(string text) => "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"";
}

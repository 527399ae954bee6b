using Hawq.Model;
using Hawq.Planning;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>Prints the public class of a network on a GPU.</summary>
internal static class GpuApiWriter
{
    /// <summary>Suffix of the class: beside <c>Resnet20</c> stands <c>Resnet20Gpu</c>.</summary>
    public const string Suffix = "Gpu";

    public static void Write(SourceWriter w, NetworkPlan plan, GpuPlan portable, int launches, EmitOptions options, Action kernels)
    {
        string type = CodeText.TypeOf(plan.Network.Input.PixelTables.Count > 0 ? ElementType.UInt8 : plan.Input.Target.Tensor.Element);
        string name = options.ClassName + Suffix;
        w.Line($"/// <summary>The network {KernelLibrary.Escape(plan.Network.Name)} on a GPU, with the results of <see cref=\"{options.ClassName}\"/>: {launches} launches per batch.</summary>");
        w.Line($"[global::System.CodeDom.Compiler.GeneratedCode(\"Hawq.CodeGen\", \"{EmitOptions.Version}\")]");
        using (w.Block($"{(options.Public ? "public" : "internal")} sealed partial class {name} : global::Hawq.Gpu.GpuNetwork<{type}>"))
        {
            w.Line("/// <summary>Finds a device, loads the weights and compiles the kernels.</summary>");
            w.Line("/// <param name=\"options\">Largest batch, device, what to do without one; null for the defaults.</param>");
            using (w.Block($"public {name}(global::Hawq.Gpu.GpuOptions? options = null) : base(CreateProgram, options)"))
            {
            }

            w.Blank();
            w.Line("/// <summary>The launches of the network, for tools.</summary>");
            w.Line("public static global::Hawq.Gpu.DeviceProgram CreateProgram(global::Hawq.Gpu.KernelKind kind) =>");
            w.Line("    kind == global::Hawq.Gpu.KernelKind.Cuda ? Cuda.Program() : Portable.Program();");
            w.Blank();
            w.Line("/// <inheritdoc/>");
            w.Line($"protected override global::Hawq.Gpu.CpuNetwork<{type}> CreateCpuNetwork() => new OnCpu();");
            w.Blank();
            GpuProgramWriter.WriteLinears(w, portable);
            w.Blank();
            w.Line("/// <summary>The network on the processor, where there is no device.</summary>");
            using (w.Block($"private sealed class OnCpu : global::Hawq.Gpu.CpuNetwork<{type}>"))
            {
                w.Line($"private readonly {options.ClassName} _network = new();");
                w.Blank();
                w.Line($"public override void InferBatch(global::System.ReadOnlySpan<{type}> input, global::System.Span<int> output, int count) => _network.InferBatch(input, {CpuOutputs(plan.Network)}, count);");
                w.Blank();
                w.Line("public override void Dispose() => _network.Dispose();");
            }

            w.Blank();
            kernels();
        }
    }

    /// <summary>The parts of one span that the CPU network takes as its outputs: they lie one behind the other.</summary>
    private static string CpuOutputs(Network network)
    {
        int[] lengths = [.. network.Outputs.Select(output => network.Tensor(output).Shape.Length)];
        return lengths.Length == 1
            ? "output"
            : string.Join(", ", lengths.Select((length, i) => $"output.Slice(count * {lengths.Take(i).Sum()}, count * {length})"));
    }
}

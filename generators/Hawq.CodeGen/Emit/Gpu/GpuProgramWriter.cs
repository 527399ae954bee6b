using Hawq.Model;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>Prints the launches of a plan as a method that makes a Hawq.Gpu.DeviceProgram.</summary>
internal static class GpuProgramWriter
{
    private const string Namespace = "global::Hawq.Gpu.";

    public static void Write(SourceWriter w, GpuPlan plan, IReadOnlyList<string> kernels, string kernelsSha256, IEnumerable<string> layers, EmitOptions options)
    {
        // The caller's input is buffer 0; the tensors follow.
        Dictionary<string, int> buffers = plan.Tensors.Select((tensor, i) => (tensor.Tensor.Name, Index: i + 1)).ToDictionary(pair => pair.Name, pair => pair.Index);
        List<string> linears = [.. layers];
        WeightsFile sidecar = plan.Network.WeightsFile;
        w.Line("/// <summary>Buffers and launches, in the order in which they run.</summary>");
        w.Line($"internal static {Namespace}DeviceProgram Program() => new(");
        w.Line($"    {Namespace}KernelKind.{plan.Target}, typeof({(plan.Target == GpuTarget.Cuda ? "Cuda" : "Portable")}), \"{options.WeightsResource}\", {sidecar.Length}, Linears(),");
        w.Line("    [");
        GpuInputStep input = (GpuInputStep)plan.Steps[0];
        foreach ((GpuTensor tensor, string name) in plan.Tensors.Select(tensor => (tensor, tensor.Tensor.Name)).Prepend((input.Caller, "(caller's input)")))
        {
            w.Line($"        new(\"{Literal(name)}\", {Namespace}DeviceElement.{tensor.Element}, {tensor.Pixels}, {tensor.Tensor.Shape.Channels}, {tensor.Channels}),");
        }

        w.Line("    ],");
        w.Line("    [");
        for (int i = 0; i < plan.Steps.Count; i++)
        {
            WriteLaunch(w, plan.Steps[i], kernels[i], buffers, linears);
        }

        w.Line("    ],");
        w.Line($"    [{string.Join(", ", plan.Network.Outputs.Select(output => buffers[output]))}])");
        w.Line("{");
        w.Line($"    Network = \"{Literal(plan.Network.Name)}\",");
        w.Line($"    KernelsSha256 = \"{kernelsSha256}\",");
        w.Line("};");
    }

    /// <summary>Weights and per-channel constants, the same for both kinds of kernels.</summary>
    public static void WriteLinears(SourceWriter w, GpuPlan plan)
    {
        w.Line("/// <summary>Where the weights of every layer lie in the sidecar; bias, multiplier and shift per output channel.</summary>");
        w.Line($"private static {Namespace}LinearConstants[] Linears() =>\n[");
        foreach (GpuConvStep step in plan.Steps.OfType<GpuConvStep>())
        {
            WeightTensor source = step.Weights.Source;
            int taps = source.KernelHeight * source.KernelWidth;
            int inputs = source.InputChannels;

            // A fully connected layer over a map reads it as a convolution as large as the map.
            if (taps != step.Geometry.Kernel.Height * step.Geometry.Kernel.Width)
            {
                taps = step.Geometry.Kernel.Height * step.Geometry.Kernel.Width;
                inputs = source.PerChannel / taps;
            }

            w.Line($"    new(\"{Literal(step.Name)}\", {source.Offset}, {source.Bits}, {source.OutputChannels}, {taps}, {inputs}, {step.Input.Tensor.ZeroPoint},");
            Numbers(w, step.Weights.Bias, ",");
            Numbers(w, step.Weights.Multipliers.Select(m => m.Multiplier), ",");
            Numbers(w, step.Weights.Multipliers.Select(m => m.Shift), "),");
        }

        w.Line("];");
    }

    private static void WriteLaunch(SourceWriter w, GpuStep step, string kernel, Dictionary<string, int> buffers, List<string> linears)
    {
        GpuLaunch launch = step.Launch;
        IEnumerable<int> reads = step is GpuInputStep ? [0] : step.Reads.Select(tensor => buffers[tensor.Tensor.Name]);
        string all = string.Join(", ", reads.Concat(step.Writes.Select(tensor => buffers[tensor.Tensor.Name])));
        string layers = Literal(step.Layers.Count == 0 ? step.Name : string.Join(" + ", step.Layers));
        string call = $"        new(\"{kernel}\", \"{layers}\", {launch.Threads}, {launch.Pixels}, {launch.PerPixel}, {launch.PerBlock}, {launch.Rows}, [{all}])";
        int[] data = [.. step.Data];
        if (step is GpuConvStep conv)
        {
            string shortcut = conv.Shortcut is { } other ? $", ShortcutLinear = {linears.IndexOf(other.Name)}, ShortcutLayout = {Layout(other)}" : "";
            w.Line($"{call} {{ ResidentBlocks = {launch.Resident}, Linear = {linears.IndexOf(conv.Name)}, Layout = {Layout(conv)}{shortcut} }},");
        }
        else if (data.Length > 0)
        {
            w.Line($"{call}");
            w.Line("        {");
            w.Line($"            ResidentBlocks = {launch.Resident},");
            w.Line("            Data =");
            w.Line("            [");
            foreach (string line in SourceWriter.Numbers(data).Split('\n'))
            {
                w.Line($"                {line.TrimEnd(' ', ',')},");
            }

            w.Line("            ],");
            w.Line("        },");
        }
        else
        {
            w.Line($"{call} {{ ResidentBlocks = {launch.Resident} }},");
        }
    }

    private static string Layout(GpuConvStep step)
    {
        string Make(int tapUnits, int units) => $"new({Namespace}WeightOrder.{step.Kernel.Family}, {step.Kernel.BlockChannels}, {tapUnits}, {units})";
        return step.Kernel.Family switch
        {
            GpuConvFamily.Plain => Make(0, 0),
            _ => $"{Make(GpuWeightLayout.TapUnits(step), GpuWeightLayout.StagedUnits(step))} {{ LaneChannels = {step.Kernel.LaneChannels}, RowTaps = {step.Geometry.Kernel.Width} }}",
        };
    }

    private static void Numbers(SourceWriter w, IEnumerable<int> values, string end)
    {
        string[] lines = SourceWriter.Numbers(values).Split('\n');
        if (lines.Length == 1)
        {
            w.Line($"        [{lines[0]}]{end}");
            return;
        }

        w.Line("        [");
        foreach (string line in lines)
        {
            w.Line($"            {line.TrimEnd(' ')}");
        }

        w.Line($"        ]{end}");
    }

    private static string Literal(string text) => text.Replace("\\", "\\\\").Replace("\"", "\\\"");
}

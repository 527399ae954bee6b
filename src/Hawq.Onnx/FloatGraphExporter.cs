using Hawq.Model;
using Hawq.Onnx.Export;

namespace Hawq.Onnx;

/// <summary>
/// Writes a <see cref="FloatGraph"/> as an ONNX model that ONNX Runtime runs: for calibration (any intermediate value as an extra
/// output) and for sensitivity (weights as inputs). Every value of the written model is [N, C, H, W] in float32 with a symbolic
/// batch, fully connected layers included ([N, features, 1, 1]); value names are those of the graph.
/// </summary>
public static class FloatGraphExporter
{
    /// <summary>Opset of the written models: the newest in which every operator used here still has its simplest form.</summary>
    public const int Opset = 17;

    /// <summary>Serializes the graph; deterministic.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="extraOutputs">
    /// Values to return beside the graph's outputs, in this order after them; the input and values that are outputs already are left out.
    /// </param>
    /// <param name="weightInputs">
    /// Names of nodes whose weights and bias become inputs of the written model (<see cref="WeightName"/>, <see cref="BiasName"/>, in
    /// ONNX's shapes) instead of constants; null for none.
    /// </param>
    /// <param name="quantizedInputs">
    /// Names of convolutions and fully connected layers whose input is quantized and dequantized before they read it:
    /// step * clip(floor(x / step + 1/2), low, high), with three scalar inputs of the written model (<see cref="StepName"/>,
    /// <see cref="LowName"/>, <see cref="HighName"/>); null for none.
    /// </param>
    /// <param name="noisyInputs">
    /// Names of convolutions and fully connected layers to whose input an input of the written model is added (<see cref="NoiseName"/>, of
    /// the input's shape); null for none.
    /// </param>
    /// <exception cref="HawqException">A value or node named is not in the graph.</exception>
    public static byte[] ToOnnx(
        FloatGraph graph, IEnumerable<string>? extraOutputs = null, IEnumerable<string>? weightInputs = null,
        IEnumerable<string>? quantizedInputs = null, IEnumerable<string>? noisyInputs = null)
    {
        ModelWriter writer = new(graph, weightInputs ?? [], quantizedInputs ?? [], noisyInputs ?? []);
        foreach (FloatNode node in graph.Nodes)
        {
            NodeWriters.Write(writer, node);
        }

        return writer.Finish(extraOutputs ?? []);
    }

    /// <summary>Name of the weights of a node in the written model: its output's name and <c>#weight</c>.</summary>
    public static string WeightName(FloatNode node) => node.Output + "#weight";

    /// <summary>Name of the bias of a node in the written model: its output's name and <c>#bias</c>.</summary>
    public static string BiasName(FloatNode node) => node.Output + "#bias";

    /// <summary>Name of the step of a quantized layer input.</summary>
    public static string StepName(FloatNode node) => node.Output + "#step";

    /// <summary>Name of the smallest code (a float) of a quantized layer input.</summary>
    public static string LowName(FloatNode node) => node.Output + "#low";

    /// <summary>Name of the largest code (a float) of a quantized layer input.</summary>
    public static string HighName(FloatNode node) => node.Output + "#high";

    /// <summary>Name of what is added to a layer's input.</summary>
    public static string NoiseName(FloatNode node) => node.Output + "#noise";
}

using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Emits a <see cref="GemmNode"/>: whatever order the model flattened its input in becomes an order of the weights.</summary>
internal static class FullyConnected
{
    /// <param name="node">The node.</param>
    /// <param name="input">Its input; all elements are features, in the view's order.</param>
    /// <param name="outputs">Output features.</param>
    /// <param name="source">The stored weights.</param>
    /// <param name="position">Position of the weight of an output and an input feature (in the view's order).</param>
    /// <param name="factor">What the stored weights are multiplied with.</param>
    /// <param name="bias">Bias per output.</param>
    /// <param name="result">View of the output.</param>
    public static void Emit(
        NodeContext node, Activation input, int outputs, Constant source, Func<int, int, int> position, float factor, float[] bias, Activation result)
    {
        int inputs = input.Shape.Length;
        int[] offsets = input.Offsets();
        float[] values = source.Floats!;
        int[]? channels = source.Steps is null ? null : new int[values.Length];
        var weights = new float[checked(outputs * inputs)];
        for (int output = 0; output < outputs; output++)
        {
            for (int feature = 0; feature < inputs; feature++)
            {
                int at = position(output, feature);
                weights[(output * inputs) + offsets[feature]] = factor * values[at];
                if (channels is not null)
                {
                    channels[at] = output;
                }
            }
        }

        float[]? steps = WeightSteps.Of(node, source, outputs, at => channels![at]);
        node.Emit(
            new GemmNode(node.Name, input.Name, node.Output, weights, bias)
            {
                WeightSteps = steps is null ? null : Array.ConvertAll(steps, step => step * Math.Abs(factor)),
            },
            result);
    }
}

using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Emits a <see cref="GemmNode"/>: whatever order the model flattened its input in becomes an order of the weights.</summary>
internal static class FullyConnected
{
    /// <param name="node">The node.</param>
    /// <param name="input">Its input; all elements are features, in the view's order.</param>
    /// <param name="outputs">Output features.</param>
    /// <param name="weight">Weight of an output and an input feature (in the view's order).</param>
    /// <param name="bias">Bias per output.</param>
    /// <param name="result">View of the output.</param>
    public static void Emit(NodeContext node, Activation input, int outputs, Func<int, int, float> weight, float[] bias, Activation result)
    {
        int inputs = input.Shape.Length;
        int[] offsets = input.Offsets();
        var weights = new float[checked(outputs * inputs)];
        for (int output = 0; output < outputs; output++)
        {
            for (int feature = 0; feature < inputs; feature++)
            {
                weights[(output * inputs) + offsets[feature]] = weight(output, feature);
            }
        }

        node.Emit(new GemmNode(node.Name, input.Name, node.Output, weights, bias), result);
    }
}

using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Assembly;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Imported;

/// <summary>A layer with weights that came quantized: the model's own codes and steps.</summary>
internal static class ImportedWeights
{
    /// <summary>Code that s8 has and the manifest's narrow range has not.</summary>
    private const int Unusable = -128;

    /// <summary>The layer and its codes.</summary>
    /// <param name="node">A convolution, transposed convolution or fully connected layer.</param>
    /// <param name="input">Tensor that the layer reads.</param>
    /// <param name="output">Tensor that it writes.</param>
    /// <param name="from">Shape of its input.</param>
    /// <param name="to">Shape of its output.</param>
    /// <param name="clamped">Number of codes of -128, which became -127.</param>
    public static (LoweredLinear Layer, QuantizedLinear Codes) Of(FloatNode node, Tensor input, string output, Shape from, Shape to, out int clamped)
    {
        (float[] weights, float[] bias, float[]? steps) = node switch
        {
            ConvNode conv => (
                WeightOrder.ChannelsLast(conv.Weights, to.Channels, from.Channels / conv.Groups, conv.Kernel.Height * conv.Kernel.Width), conv.Bias, conv.WeightSteps),
            GemmNode gemm => (WeightOrder.ChannelsLast(gemm.Weights, gemm.Bias.Length, from.Channels, from.Height * from.Width), gemm.Bias, gemm.WeightSteps),
            _ => throw ImportedGraph.Refuse(
                node, "has no form for models that came quantized", "Quantize the float model with hawq instead, or replace the layer by Resize and Conv."),
        };
        if (steps is null)
        {
            throw ImportedGraph.Refuse(node, "has float weights while its input is quantized", "Quantize its weights too (QuantizeLinear and DequantizeLinear, or DequantizeLinear of int8 codes).");
        }

        int perChannel = weights.Length / steps.Length, largest = 0;
        sbyte[] codes = new sbyte[weights.Length];
        clamped = 0;
        for (int i = 0; i < codes.Length; i++)
        {
            int code = (int)Math.Round(weights[i] / (double)steps[i / perChannel]);
            if (code == Unusable)
            {
                clamped++;
                code++;
            }

            largest = Math.Max(largest, Math.Abs(code));
            codes[i] = (sbyte)code;
        }

        LayerBits bits = new(largest <= WeightScales.MaxCode(4) ? 4 : 8, input.Bits);
        LinearGeometry geometry = node is ConvNode c
            ? new LinearGeometry(from, to, c.Kernel, c.Stride, c.Padding, c.Dilation, c.Groups)
            : LinearGeometry.FullyConnected(from.Length, bias.Length);
        LoweredLinear layer = new(node.Name, input.Name, output, node is ConvNode, geometry, weights, bias, bits);
        for (int o = 0; o < bias.Length; o++)
        {
            if (Math.Abs(bias[o] / ((double)input.Scale * steps[o])) > WeightScales.BiasLimit)
            {
                throw ImportedGraph.Refuse(node, $"has a bias of {bias[o]} in output channel {o}, more than {WeightScales.BiasLimit} accumulator steps", "Use a larger weight scale for this channel.");
            }
        }

        return (layer, new QuantizedLinear(codes, steps, Array.ConvertAll(bias, b => (double)b)));
    }
}

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

    /// <summary>Steps of the weights per output channel; null for float weights and for nodes without.</summary>
    public static float[]? Steps(FloatNode node) => node switch
    {
        ConvNode conv => conv.WeightSteps,
        ConvTransposeNode conv => conv.WeightSteps,
        GemmNode gemm => gemm.WeightSteps,
        _ => null,
    };

    /// <summary>The layer and its codes.</summary>
    /// <param name="node">A convolution, transposed convolution or fully connected layer.</param>
    /// <param name="input">Tensor that the layer reads.</param>
    /// <param name="output">Tensor that it writes.</param>
    /// <param name="transposed">Of a transposed convolution: the convolution that reads <paramref name="input"/>.</param>
    /// <param name="to">Shape of its output.</param>
    /// <param name="clamped">Number of codes of -128, which became -127.</param>
    public static (LoweredLinear Layer, QuantizedLinear Codes) Of(FloatNode node, Tensor input, string output, LinearGeometry? transposed, Shape to, out int clamped)
    {
        Shape from = input.Shape;
        (float[] weights, float[] bias, LinearGeometry geometry) = node switch
        {
            ConvNode conv => (
                WeightOrder.ChannelsLast(conv.Weights, to.Channels, from.Channels / conv.Groups, conv.Kernel.Height * conv.Kernel.Width), conv.Bias,
                new LinearGeometry(from, to, conv.Kernel, conv.Stride, conv.Padding, conv.Dilation, conv.Groups)),
            ConvTransposeNode conv => (WeightOrder.Turned(conv, from.Channels, to.Channels), conv.Bias, transposed!),
            GemmNode gemm => (
                WeightOrder.ChannelsLast(gemm.Weights, gemm.Bias.Length, from.Channels, from.Height * from.Width), gemm.Bias,
                LinearGeometry.FullyConnected(from.Length, gemm.Bias.Length)),
            _ => throw new InvalidOperationException($"{node.GetType().Name} has no weights."),
        };
        if (Steps(node) is not { } steps)
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
        LoweredLinear layer = new(node.Name, input.Name, output, node is not GemmNode, geometry, weights, bias, bits);
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

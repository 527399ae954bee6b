using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Sensitivity;
using Hawq.Training.Gradients;
using Hawq.Training.ZeroShot;
using Xunit;

namespace Hawq.Training.Tests.Gradients;

/// <summary>
/// Hessian-vector products as differences of gradients, H v = (g(w + e v) - g(w - e v)) / 2e, against the trace that <c>hawq analyze</c> estimates from forward passes alone:
/// two ways to the same number that share no code.
/// </summary>
public sealed class HessianTests
{
    private const int Images = 64;

    [Theory]
    [InlineData("stem")]
    [InlineData("short")]
    [InlineData("last")]
    public void The_forward_only_trace_is_that_of_the_hessian_vector_products(string layer)
    {
        FloatGraph graph = TinyNetwork.Folded;
        SyntheticDataSet data = TinyNetwork.Data(Images, 1);
        SensitivityTable table = SensitivityAnalysis.Run(
            graph, data, new SensitivityOptions
            {
                Metric = SensitivityMetric.Hessian, Options = [LayerBits.Eight, new LayerBits(4, 8)], Hessian = new HessianOptions(MaxRounds: 100, RelativeError: 0, Step: .01),
            });
        TraceEstimate estimate = table.Layers.Single(l => l.Layer == layer).WeightTrace!;

        Func<float[], float[]> gradient = Gradient(graph, data, layer, out float[] weights);
        double trace = 0, step = .003 * Math.Sqrt(weights.Average(w => (double)w * w));
        for (int i = 0; i < weights.Length; i++)
        {
            // e_i^T H e_i: an element of the product with a unit vector.
            float[] up = [.. weights], down = [.. weights];
            up[i] += (float)step;
            down[i] -= (float)step;
            trace += (gradient(up)[i] - gradient(down)[i]) / ((double)up[i] - down[i]);
        }

        Assert.InRange(estimate.Trace, .95 * trace, 1.05 * trace);
    }

    [Fact]
    public void At_the_float_weights_the_gradient_against_the_networks_own_output_is_zero()
    {
        Func<float[], float[]> gradient = Gradient(TinyNetwork.Folded, TinyNetwork.Data(Images, 1), "short", out float[] weights);
        double at = gradient(weights).Max(Math.Abs);
        double beside = gradient([.. weights.Select(w => 1.05f * w)]).Max(Math.Abs);
        Assert.True(at < 1e-3 * beside, $"{at} {beside}");
    }

    /// <summary>The gradient of the cross entropy against the network's own output, with respect to the weights of one layer.</summary>
    private static Func<float[], float[]> Gradient(FloatGraph graph, SyntheticDataSet data, string layer, out float[] weights)
    {
        using FloatRunner runner = new(graph);
        float[] targets = [.. runner.Logits(data, Images).SelectMany(Softmax)];
        Tape tape = new();
        TapeValue images = tape.Input("images", Images, TinyNetwork.Input.Channels, TinyNetwork.Input.Height, TinyNetwork.Input.Width);
        TapeValue? varied = null;
        float[] given = [];
        IReadOnlyDictionary<string, TapeValue> values = FloatGraphTape.Write(tape, graph, images, (node, part, numbers, dims) =>
        {
            if (node.Name != layer || part != "weight")
            {
                return tape.Constant(numbers, dims);
            }

            given = numbers;
            return varied = tape.Input("weights", dims);
        });
        TapeValue logits = tape.Flatten(values[graph.Outputs[0]]);
        TapeValue loss = tape.CrossEntropy(logits, tape.Constant(targets, Images, logits.Dims[1]));
        TapeSession session = new(tape, tape.Gradients(loss, varied!));
        float[] pixels = new float[images.Count];
        new PixelRange(TinyNetwork.Preprocess, TinyNetwork.Input).Read(data, 0, pixels);
        weights = given;
        return w => session.Run(name => name == images.Name ? pixels : w)[0];
    }

    private static float[] Softmax(float[] logits)
    {
        double[] powers = [.. logits.Select(z => Math.Exp(z - (double)logits.Max()))];
        return [.. powers.Select(p => (float)(p / powers.Sum()))];
    }
}

using Hawq.Onnx;
using Hawq.Quantization.Sensitivity;
using Xunit;

namespace Hawq.Quantization.Tests.Sensitivity;

public class HessianTraceTests
{
    private const int Images = 64;

    [Fact]
    public void The_softmax_linear_layer_has_its_closed_form()
    {
        // Cross entropy of softmax(W x): the trace over W is |x|^2 * sum of p (1 - p), averaged over the images.
        RandomData data = new(TinyNetwork.Input, Images);
        double exact = Enumerable.Range(0, Images).Average(i =>
            TinyNetwork.Features(data[i]).Sum(x => x * x) * TinyNetwork.Softmax(Logits(data[i])).Sum(p => p * (1 - p)));

        TraceEstimate estimate = Estimate(TinyNetwork.Last, data);

        Close(exact, estimate);
    }

    [Theory]
    [InlineData("conv")]
    [InlineData("inner")]
    public void A_layer_within_the_network_has_the_trace_of_its_exact_hessian(string layer)
    {
        RandomData data = new(TinyNetwork.Input, Images);

        Close(Exact(data, layer), Estimate(TinyNetwork.Graph.Nodes.Single(node => node.Name == layer), data));
    }

    [Fact]
    public void The_standard_error_is_reported_and_ends_the_search()
    {
        RandomData data = new(TinyNetwork.Input, Images);

        TraceEstimate rough = Estimate(TinyNetwork.Conv, data, new HessianOptions(RelativeError: 0.5));
        TraceEstimate fine = Estimate(TinyNetwork.Conv, data, new HessianOptions(MaxRounds: 12, RelativeError: 0));

        Assert.Equal(2, rough.Rounds);
        Assert.True(rough.StandardError <= 0.5 * rough.Trace);
        Assert.Equal(12, fine.Rounds);
        Assert.True(fine.StandardError < rough.StandardError);
    }

    [Fact]
    public void The_estimate_repeats_to_the_last_bit() =>
        Assert.Equal(Estimate(TinyNetwork.Conv, new(TinyNetwork.Input, Images)), Estimate(TinyNetwork.Conv, new(TinyNetwork.Input, Images)));

    [Fact]
    public void Noise_on_the_input_of_the_last_layer_has_its_closed_form()
    {
        // logits = W x: the second derivative along unit noise on x is the sum over inputs of w^T (diag p - p p^T) w.
        RandomData data = new(TinyNetwork.Input, Images);
        double exact = Enumerable.Range(0, Images).Average(image =>
        {
            double[] p = TinyNetwork.Softmax(Logits(data[image]));
            return Enumerable.Range(0, 48).Sum(k => Curvature(p, [.. Enumerable.Range(0, 4).Select(o => (double)TinyNetwork.Last.Weights[(o * 48) + k])]));
        });
        FloatGraph graph = TinyNetwork.Graph;
        GraphCuts cuts = new(graph);
        PrefixValues prefix = new(graph, cuts, data, Images);
        prefix.MoveTo(cuts.Before(TinyNetwork.Last), default);

        TraceEstimate estimate = HessianTrace.OfInput(
            prefix, TinyNetwork.Last, 0, prefix.Batches, Labels(data), new HessianOptions(MaxRounds: 200, RelativeError: 0, Step: 0.003), default);

        Close(exact, estimate);
    }

    private static void Close(double exact, TraceEstimate estimate) => Assert.InRange(estimate.Trace, exact * 0.97, exact * 1.03);

    private static TraceEstimate Estimate(FloatNode layer, RandomData data, HessianOptions? options = null)
    {
        FloatGraph graph = TinyNetwork.Graph;
        GraphCuts cuts = new(graph);
        PrefixValues prefix = new(graph, cuts, data, data.Count);
        prefix.MoveTo(cuts.Before(layer), default);
        return HessianTrace.OfWeights(prefix, layer, 0, Labels(data), options ?? new HessianOptions(MaxRounds: 300, RelativeError: 0, Step: 0.01), default);
    }

    private static SoftLabels Labels(RandomData data) =>
        new([.. Enumerable.Range(0, data.Count).Select(i => Array.ConvertAll(Logits(data[i]), z => (float)z))]);

    private static double[] Logits(float[] input, string? layer = null, double[]? weights = null) => TinyNetwork.Logits(
        input,
        layer == "conv" ? weights! : TinyNetwork.Doubles(TinyNetwork.Conv.Weights),
        layer == "inner" ? weights! : TinyNetwork.Doubles(TinyNetwork.Inner.Weights),
        TinyNetwork.Doubles(TinyNetwork.Last.Weights));

    /// <summary>
    /// The gradient of the loss with respect to the logits is zero, and the logits are piecewise linear in one layer's weights, so the Hessian is exactly
    /// J^T (diag p - p p^T) J with the Jacobian J of the logits.
    /// </summary>
    private static double Exact(RandomData data, string layer)
    {
        const double Step = 1e-6;
        double[] weights = TinyNetwork.Doubles(layer == "conv" ? TinyNetwork.Conv.Weights : TinyNetwork.Inner.Weights);
        double trace = 0;
        for (int image = 0; image < data.Count; image++)
        {
            double[] p = TinyNetwork.Softmax(Logits(data[image]));
            for (int k = 0; k < weights.Length; k++)
            {
                double saved = weights[k];
                weights[k] = saved + Step;
                double[] up = Logits(data[image], layer, weights);
                weights[k] = saved - Step;
                double[] down = Logits(data[image], layer, weights);
                weights[k] = saved;
                trace += Curvature(p, [.. up.Zip(down, (a, b) => (a - b) / (2 * Step))]);
            }
        }

        return trace / data.Count;
    }

    /// <summary>d^T (diag p - p p^T) d.</summary>
    private static double Curvature(double[] p, double[] d)
    {
        double mean = p.Zip(d, (a, b) => a * b).Sum();
        return p.Zip(d, (a, b) => a * b * b).Sum() - (mean * mean);
    }
}

using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Data;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Evaluation;

namespace Hawq.Quantization.Cards;

/// <summary>How far every layer's output in the integer network is from the float network's.</summary>
public static class LayerErrors
{
    private const int BatchSize = FloatRunner.BatchSize;

    /// <summary>Signal to noise in dB of the output of every layer with weights whose tensor stands for a value of the float network.</summary>
    /// <param name="network">The integer network.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="graph">The float network.</param>
    /// <param name="data">Inputs.</param>
    /// <param name="count">How many, from the start.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static IReadOnlyDictionary<string, double> Measure(
        Network network, NetworkWeights weights, FloatGraph graph, IDataSet data, int count, CancellationToken cancellation = default)
    {
        Dictionary<string, Tensor> tensors = network.Tensors.ToDictionary(tensor => tensor.Name);
        LinearLayer[] layers = [.. network.Layers.OfType<LinearLayer>().Where(layer => graph.Shapes.ContainsKey(layer.Output))];
        NetworkRunner integers = new(network, weights);
        Dictionary<string, (double Signal, double Noise)> sums = layers.ToDictionary(layer => layer.Output, _ => (0.0, 0.0));
        using FloatRunner runner = new(graph, layers.Select(layer => layer.Output));
        for (int first = 0; first < count; first += BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            int size = Math.Min(BatchSize, count - first);
            Dictionary<string, Batch<int>> values = [];
            integers.Run(NetworkEvaluation.Codes(data, network, first, size), (name, codes) =>
            {
                if (sums.ContainsKey(name))
                {
                    values.Add(name, codes);
                }
            });
            using DataSlice slice = new(data, first, size);
            runner.Run(slice, size, (name, at, images, real) =>
            {
                if (sums.ContainsKey(name))
                {
                    (double signal, double noise) = Compare(real, values[name], tensors[name], at, images);
                    sums[name] = (sums[name].Signal + signal, sums[name].Noise + noise); // one batch: one thread
                }
            }, null, cancellation);
        }

        return layers.ToDictionary(layer => layer.Name, layer => 10 * Math.Log10(Math.Max(sums[layer.Output].Signal, 1e-300) / Math.Max(sums[layer.Output].Noise, 1e-300)));
    }

    private static (double Signal, double Noise) Compare(ReadOnlySpan<float> real, Batch<int> codes, Tensor tensor, int first, int images)
    {
        int channels = tensor.Shape.Channels, positions = tensor.Shape.Height * tensor.Shape.Width;
        (double signal, double noise) = (0, 0);
        for (int image = 0; image < images; image++)
        {
            ReadOnlySpan<float> planes = real.Slice(image * tensor.Shape.Length, tensor.Shape.Length);
            ReadOnlySpan<int> values = codes[first + image];
            for (int p = 0; p < positions; p++)
            {
                for (int c = 0; c < channels; c++)
                {
                    double wanted = planes[(c * positions) + p], error = (tensor.Scale * (values[(p * channels) + c] - tensor.ZeroPoint)) - wanted;
                    signal += wanted * wanted;
                    noise += error * error;
                }
            }
        }

        return (signal, noise);
    }
}

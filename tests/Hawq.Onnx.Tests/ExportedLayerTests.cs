using Hawq.Model;
using Hawq.Onnx.Export;
using Hawq.Reference;
using Hawq.Testing;
using Hawq.Testing.Onnx;
using Xunit;
using Xunit.Abstractions;

namespace Hawq.Onnx.Tests;

/// <summary>Every layer kind of the manifest as QDQ ONNX, run by ONNX Runtime: an implementation that shares no code with this project.</summary>
public sealed class ExportedLayerTests(ITestOutputHelper log)
{
    private const int Seeds = 6;

    public static TheoryData<string> Operators => [.. OperatorNetworks.Operators];

    [Theory]
    [MemberData(nameof(Operators))]
    public void A_layer_computes_the_same_in_onnx_runtime(string op)
    {
        Difference difference = new();
        for (int seed = 0; seed < Seeds; seed++)
        {
            (Network network, NetworkWeights weights) = OperatorNetworks.Create(op, seed);
            Compare(network, weights, seed, difference);
        }

        AssertSame(difference);
    }

    [Fact]
    public void Random_networks_compute_the_same_in_onnx_runtime()
    {
        Difference difference = new();
        for (int seed = 0; seed < 40; seed++)
        {
            (Network network, NetworkWeights weights) = RandomNetworks.Create(seed);
            Compare(network, weights, seed, difference);
        }

        AssertSame(difference);
    }

    [Theory]
    [MemberData(nameof(Operators))]
    public void Onnx_runtime_loads_the_twin(string op)
    {
        (Network network, NetworkWeights weights) = OperatorNetworks.Create(op, 1);
        float[] input = OnnxRunner.Noise(network.Tensor(network.Input.Tensor).Shape.Length);
        IReadOnlyList<float[]> outputs = OnnxRunner.Run(QdqExporter.Export(network, weights, new ExportOptions(ExportGrid.Int8Twin)), input, Dims(network));
        Assert.Equal(network.Outputs.Select(o => network.Tensor(o).Shape.Length), outputs.Select(o => o.Length));
    }

    // What differs are rounding ties (ours go up, ONNX's to even) and float sums that cross one.
    private void AssertSame(Difference difference)
    {
        log.WriteLine($"{difference.Different} of {difference.Compared} codes differ, by at most {difference.Largest}");
        Assert.InRange(difference.Largest, 0, 1);
        Assert.True(difference.Different <= 0.005 * difference.Compared, $"{difference.Different} of {difference.Compared} codes differ");
    }

    private void Compare(Network network, NetworkWeights weights, int seed, Difference difference)
    {
        Tensor input = network.Tensor(network.Input.Tensor);
        int[] codes = TestInputs.Codes(input, seed);
        float[] values = Order.RealChannelsFirst(input, codes);
        IReadOnlyDictionary<string, int[]> expected = new Interpreter(network, weights).RunCodes(codes);
        IReadOnlyList<float[]> outputs = OnnxRunner.Run(QdqExporter.Export(network, weights, new ExportOptions()), values, Dims(network));

        // The last output is the operator's own; the one before it has a convolution behind it, where one step becomes many.
        Tensor output = network.Tensor(network.Outputs[^1]);
        float[] ours = Order.RealChannelsFirst(output, expected[output.Name]);
        for (int i = 0; i < ours.Length; i++)
        {
            difference.Add((int)Math.Round((ours[i] - (double)outputs[^1][i]) / output.Scale));
        }
    }

    private static long[] Dims(Network network)
    {
        Shape shape = network.Tensor(network.Input.Tensor).Shape;
        return [1, shape.Channels, shape.Height, shape.Width];
    }

    private sealed class Difference
    {
        public int Compared { get; private set; }

        public int Different { get; private set; }

        public int Largest { get; private set; }

        public void Add(int steps)
        {
            Compared++;
            Different += steps == 0 ? 0 : 1;
            Largest = Math.Max(Largest, Math.Abs(steps));
        }
    }
}

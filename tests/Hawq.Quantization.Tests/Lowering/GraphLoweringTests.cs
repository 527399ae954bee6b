using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Lowering;
using Xunit;

namespace Hawq.Quantization.Tests.Lowering;

public sealed class GraphLoweringTests
{
    [Fact]
    public void A_residual_block_has_one_wide_value_and_one_requantize_for_all_its_readers()
    {
        LoweredNetwork network = GraphLowering.Lower(Block(identity: true), new GridOptions(new BitAssignment(LayerBits.Eight)));
        Assert.Equal(
            ["stem", "a.requantize8", "conv1", "conv2", "down", "add", "identity", "pool", "fc"],
            network.Layers.Select(l => l.Name));
        Assert.Equal(TensorRole.Residual, network.Tensors["a"].Role);
        Assert.Equal(["a.q8", "a.q8"], network.Linears.Where(l => l.Name is "conv1" or "down").Select(l => l.Input));
    }

    [Fact]
    public void Branches_lie_on_the_grid_of_the_sum_after_its_clamp()
    {
        LoweredNetwork network = Lower(new BitAssignment(LayerBits.Eight));
        foreach (string branch in (string[])["c2", "d"])
        {
            LoweredTensor tensor = network.Tensors[branch];
            Assert.Equal((TensorRole.Branch, "s", false), (tensor.Role, tensor.GridOf, tensor.Unsigned));
        }

        Assert.Equal((TensorRole.Residual, 16, true), (network.Tensors["s"].Role, network.Tensors["s"].Bits, network.Tensors["s"].Unsigned));
    }

    [Fact]
    public void Without_an_addition_there_is_no_wide_value() =>
        Assert.Equal(["stem", "conv1", "conv2", "down", "add", "pool", "fc"], Lower(new BitAssignment(LayerBits.Eight)).Layers.Select(l => l.Name));

    [Fact]
    public void Readers_of_other_bits_get_requantizes_of_their_own()
    {
        LoweredNetwork network = Lower(new BitAssignment(LayerBits.Eight)
        {
            Layers = new Dictionary<string, LayerBits> { ["conv1"] = new(4, 4), ["down"] = new(4, 8) },
        });
        Assert.Equal((4, 8), (network.Tensors["a.q4"].Bits, network.Tensors["a.q8"].Bits));
        Assert.Equal(new LayerBits(4, 4), network.Linears.Single(l => l.Name == "conv1").Bits);
    }

    [Fact]
    public void First_and_last_layer_stay_at_eight_bits_unless_named()
    {
        LoweredNetwork network = Lower(new BitAssignment(new LayerBits(4, 4)) { Layers = new Dictionary<string, LayerBits> { ["fc"] = new(4, 8) } });
        Assert.Equal(["8/8", "4/4", "4/4", "4/4", "4/8"], network.Linears.Select(l => l.Bits.ToString()));
    }

    [Fact]
    public void A_convolution_read_by_one_layer_writes_that_layers_codes()
    {
        LoweredTensor tensor = Lower(new BitAssignment(new LayerBits(4, 4))).Tensors["b"];
        Assert.Equal((TensorRole.Activation, 4, true), (tensor.Role, tensor.Bits, tensor.Unsigned));
    }

    [Fact]
    public void Bits_for_a_layer_that_does_not_exist_are_refused()
    {
        HawqException exception = Assert.Throws<HawqException>(() => Lower(
            new BitAssignment(LayerBits.Eight) { Layers = new Dictionary<string, LayerBits> { ["conv9"] = LayerBits.Eight } }));
        Assert.Equal(HawqIds.Calibration, exception.Id);
        Assert.Contains("conv9", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_clamp_that_leaves_out_zero_is_refused() =>
        Assert.Contains("leaves out 0", Assert.Throws<HawqException>(
            () => GraphLowering.Lower(Block() with { Nodes = [.. Block().Nodes.Select(n => n is ClipNode c ? c with { Lo = 1 } : n)] }, new GridOptions(new BitAssignment(LayerBits.Eight)))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Weights_become_channels_last()
    {
        float[] onnx = [.. Enumerable.Range(0, 2 * 3 * 4).Select(i => (float)i)]; // [2][3 channels][4 positions]
        Assert.Equal([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], WeightOrder.ChannelsLast(onnx, 2, 3, 4)[..12]);
    }

    private static LoweredNetwork Lower(BitAssignment bits) => GraphLowering.Lower(Block(), new GridOptions(bits));

    /// <summary>stem -> relu a; conv1 -> relu b -> conv2; down; add (and the identity a) -> relu; pool; fc.</summary>
    private static FloatGraph Block(bool identity = false)
    {
        Shape image = new(4, 4, 2), pooled = new(1, 1, 2);
        ConvNode Conv(string name, string input, string output) => new(
            name, input, output, new float[2 * 2], new float[2], new Size2(1, 1), new Size2(1, 1), default, new Size2(1, 1), 1);
        FloatNode[] nodes =
        [
            Conv("stem", "x", "a0"), new ClipNode("relu0", "a0", "a", 0, float.PositiveInfinity),
            Conv("conv1", "a", "b0"), new ClipNode("relu1", "b0", "b", 0, float.PositiveInfinity),
            Conv("conv2", "b", "c2"), Conv("down", "a", "d"),
            new AddNode("add", "c2", "d", identity ? "t" : "s0"), .. (FloatNode[])(identity ? [new AddNode("identity", "t", "a", "s0")] : []), new ClipNode("relu2", "s0", "s", 0, float.PositiveInfinity),
            new GlobalAveragePoolNode("pool", "s", "p"), new GemmNode("fc", "p", "y", new float[4], new float[2]),
        ];
        Dictionary<string, Shape> shapes = nodes.Select(n => n.Output).Append("x").ToDictionary(n => n, n => n is "p" or "y" ? pooled : image);
        return new FloatGraph("block", 13, "", "x", ["y"], nodes, shapes, []);
    }
}

using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Assembly;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.Lowering;
using Xunit;

namespace Hawq.Quantization.Tests.Lowering;

public sealed class ResidualStagesTests
{
    private static readonly QuantizerOptions s_stage = new() { Grids = new GridOptions(new BitAssignment(LayerBits.Eight)) { ResidualScale = ResidualScale.Stage } };

    [Fact]
    public void Sums_that_shortcuts_connect_are_a_stage_and_a_projection_begins_another() =>
        Assert.Equal([["a", "s1", "s2"], ["s3", "s4"]], ResidualStages.Of(Lower(s_stage)));

    [Fact]
    public void A_stage_has_the_largest_scale_and_its_shortcuts_no_multiplier()
    {
        LoweredNetwork lowered = Lower(s_stage);
        Dictionary<string, float> tops = new() { ["a"] = 1, ["s1"] = 3, ["s2"] = 2, ["s3"] = 5, ["s4"] = 1.5f };
        Dictionary<string, Tensor> own = Choose(lowered, new QuantizerOptions(), tops), stage = Choose(lowered, s_stage, tops);

        Assert.Equal(5, tops.Keys.Select(name => own[name].Scale).Distinct().Count());
        Assert.All(["a", "s1", "s2"], name => Assert.Equal(own["s1"].Scale, stage[name].Scale));
        Assert.All(["s3", "s4"], name => Assert.Equal(own["s3"].Scale, stage[name].Scale));
        Assert.All(tops.Keys, name => Assert.Equal((0, 32767), (stage[name].Lo, stage[name].Hi)));
    }

    /// <summary>The bits go through memory where the planner cannot keep them in registers: of two convolutions that one sum reads, one.</summary>
    [Fact]
    public void Branches_of_a_projection_have_16_bits()
    {
        LoweredNetwork lowered = Lower(s_stage);
        Assert.Equal([16, 16, 32], new[] { "d", "c3", "c2" }.Select(name => lowered.Tensors[name].Bits));
        Assert.Equal(32, Lower(new QuantizerOptions()).Tensors["d"].Bits);
        Tensor branch = GridChooser.Branch(lowered.Tensors["d"], 1, 1e9);
        Assert.Equal((16, (int)short.MinValue, (int)short.MaxValue), (branch.Bits, branch.Lo, branch.Hi));
    }

    [Fact]
    public void Codes_behind_a_sum_get_a_scale_for_which_16_bit_arithmetic_is_exact()
    {
        LoweredTensor codes = new("q", "v", new Shape(1, 1, 1), TensorRole.Activation, 8, 0, float.PositiveInfinity, null);
        Random random = new(5);
        int alreadyExact = 0;
        for (int i = 0; i < 500; i++)
        {
            Tensor sum = new("s", codes.Shape, 16, 0, 32767, 0, (float)(.001 * Math.Exp(3 * random.NextDouble())));
            Tensor chosen = new("q", codes.Shape, 8, 0, 127, 0, (float)(sum.Scale * (20 + (200 * random.NextDouble()))));
            Tensor moved = new GridChooser(s_stage).Behind(sum, codes, chosen);

            alreadyExact += Exact(sum, chosen) ? 1 : 0;
            Assert.True(Exact(sum, moved));
            Assert.InRange(moved.Scale / chosen.Scale, 1 - (8f / (1 << 14)), 1 + (8f / (1 << 14)));
            Assert.Equal(chosen, new GridChooser(new QuantizerOptions()).Behind(sum, codes, chosen));
        }

        Assert.InRange(alreadyExact, 1, 250); // so most were moved

        static bool Exact(Tensor sum, Tensor codes) =>
            UpperHalf.EqualsDefinition(Dyadic.FromReal((double)sum.Scale / codes.Scale), sum.Lo, sum.Hi, codes.Lo, codes.Hi);
    }

    private static Dictionary<string, Tensor> Choose(LoweredNetwork lowered, QuantizerOptions options, Dictionary<string, float> tops)
    {
        Dictionary<string, ValueHistogram> statistics = lowered.Tensors.Values.Select(tensor => tensor.Value).Distinct().ToDictionary(value => value, value =>
        {
            ValueHistogram histogram = new();
            histogram.Add([0, tops.GetValueOrDefault(value, 1)]);
            return histogram;
        });
        return new GridChooser(options).Choose(lowered, tensor => tensor.GridOf is null, statistics).ToDictionary(tensor => tensor.Name);
    }

    /// <summary>stem a; two blocks with identity shortcuts (s1, s2); a block with a projection (s3); an identity one (s4).</summary>
    private static LoweredNetwork Lower(QuantizerOptions options)
    {
        Shape shape = new(4, 4, 2);
        List<FloatNode> nodes = [];
        Conv("x", "a", relu: true);
        Conv("a", "c1");
        Add("c1", "a", "s1");
        Conv("s1", "c2");
        Add("c2", "s1", "s2");
        Conv("s2", "c3");
        Conv("s2", "d");
        Add("c3", "d", "s3");
        Conv("s3", "c4");
        Add("c4", "s3", "s4");
        Conv("s4", "y");
        Dictionary<string, Shape> shapes = nodes.Select(node => node.Output).Append("x").ToDictionary(name => name, _ => shape);
        return GraphLowering.Lower(new FloatGraph("stages", 13, "", "x", ["y"], nodes, shapes, []), options.Grids);

        void Conv(string input, string output, bool relu = false)
        {
            nodes.Add(new ConvNode("conv " + output, input, relu ? output + "0" : output, new float[2 * 2], new float[2], new Size2(1, 1), new Size2(1, 1), default, new Size2(1, 1), 1));
            Relu(output, relu);
        }

        void Add(string a, string b, string output)
        {
            nodes.Add(new AddNode("add " + output, a, b, output + "0"));
            Relu(output, true);
        }

        void Relu(string output, bool wanted)
        {
            if (wanted)
            {
                nodes.Add(new ClipNode("relu " + output, output + "0", output, 0, float.PositiveInfinity));
            }
        }
    }
}

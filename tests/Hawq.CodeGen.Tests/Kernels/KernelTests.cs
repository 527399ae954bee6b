using System.Runtime.Intrinsics.X86;
using Hawq.Compilation;
using Hawq.Model;
using Hawq.Planning;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;

namespace Hawq.CodeGen.Tests.Kernels;

/// <summary>Every kernel family on every instruction set of this machine, against the reference interpreter, tensor by tensor.</summary>
public sealed class KernelTests
{
    public static TheoryData<InstructionSet, KernelFamily, int, int, int> Kernels
    {
        get
        {
            TheoryData<InstructionSet, KernelFamily, int, int, int> data = [];
            foreach (InstructionSet tier in Tiers)
            {
                data.Add(tier, KernelFamily.Tree, 16, 3, 1);
                data.Add(tier, KernelFamily.Tree, 32, 4, 2);
                data.Add(tier, KernelFamily.Tree, 32, 2, 3);
                data.Add(tier, KernelFamily.Maddubs16, 16, 3, 8);
                data.Add(tier, KernelFamily.Maddubs16, 32, 2, 1000);
                data.Add(tier, KernelFamily.Widen, 32, 3, 0);
                data.Add(tier, KernelFamily.Widen, 48, 2, 0);
                data.Add(tier, KernelFamily.Widen, 64, 2, 0);
            }

            if (AvxVnni.IsSupported)
            {
                data.Add(InstructionSet.AvxVnni, KernelFamily.Dot4, 16, 3, 0);
                data.Add(InstructionSet.AvxVnni, KernelFamily.Dot4, 32, 2, 0);
            }

            return data;
        }
    }

    public static TheoryData<InstructionSet> Machines
    {
        get
        {
            TheoryData<InstructionSet> data = [InstructionSet.Scalar];
            foreach (InstructionSet tier in Tiers)
            {
                data.Add(tier);
            }

            if (AvxVnni.IsSupported)
            {
                data.Add(InstructionSet.AvxVnni);
            }

            return data;
        }
    }

    private static IEnumerable<InstructionSet> Tiers
    {
        get
        {
            if (Avx512BW.IsSupported)
            {
                yield return InstructionSet.Avx512;
            }

            if (Avx2.IsSupported)
            {
                yield return InstructionSet.Avx2;
            }

            if (Sse41.IsSupported)
            {
                yield return InstructionSet.Vector128;
            }
        }
    }

    /// <summary>
    /// A chain of layers that stresses every tail: of tiles (13 columns), of blocks of output channels (33, 20, 3, 10), of steps (runs of 9 and 15
    /// codes), of units of work (20 rows, then 10), with a stride, a dilation, 1x1 and 5x5 kernels and a fully connected end.
    /// </summary>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void Equals_the_interpreter_on_every_tail(InstructionSet tier, KernelFamily family, int channels, int pixels, int window)
    {
        // Four-bit codes and weights are proven for windows of up to 156 steps, more than any layer here has.
        (int bits, Activation input, Activation[] inner) = family switch
        {
            KernelFamily.Tree => (8, Activation.U7, [Activation.S4, Activation.U7]),
            KernelFamily.Maddubs16 => (4, Activation.S4, new[] { Activation.U4, Activation.S4 }),
            _ => (8, Activation.U8Asymmetric, [Activation.S8Full, Activation.U8, Activation.U8Asymmetric, Activation.S8]),
        };
        // Only sums of int16 lanes are multiplied as they are widened.
        bool[] multipliers = family == KernelFamily.Maddubs16 ? [false, true] : [false];
        foreach ((WeightPattern pattern, bool shortMultipliers) in new[] { WeightPattern.Bell, WeightPattern.Extreme }.SelectMany(pattern => multipliers.Select(m => (pattern, m))))
        {
            int next = 0;
            NetworkBuilder builder = new("chain", window + channels) { Pattern = pattern };
            builder.Input(20, 13, 3, range: input);
            string x = Conv(builder.InputName, 16, 3);
            x = Conv(x, 33, 1);
            x = Conv(x, 20, 3, 2);
            x = Conv(x, 3, 5);
            x = Conv(x, 24, 3, dilation: 2);
            x = Conv(x, 48, 1);
            x = builder.GlobalAveragePool(x, inner[0]);
            builder.Gemm(x, 10, bits, Activation.Branch);
            (Network network, NetworkWeights weights) = builder.Build();
            network = shortMultipliers ? WithShortMultipliers(network, ShortMultipliers.MaxBits) : network;
            NetworkPlan plan = Planner.Plan(network, new KernelPreference { Forced = new KernelChoice(tier, family, WeightPacking.Interleaved4, channels, pixels, window) });

            Assert.All(plan.Steps.OfType<ConvStep>(), step => Assert.Equal(family, step.Kernels[0].Family));
            Assert.All(plan.Steps.OfType<ConvStep>(), step => Assert.Equal(shortMultipliers, step.Epilogue.Requantize!.MultipliersFitInt16));
            Assert.Null(FirstDifference(plan, network, weights, Inputs(network, weights, everyChannel: false)));

            string Conv(string from, int outputs, int kernel, int stride = 1, int dilation = 1) =>
                builder.Conv(from, outputs, kernel, stride, weightBits: bits, activation: inner[next++ % inner.Length], dilation: dilation);
        }
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void A_residual_network_is_the_same_on_every_machine(InstructionSet machine)
    {
        foreach ((int channels, bool shortMultipliers) in new[] { (16, false), (21, false), (21, true), (32, true) })
        {
            NetworkBuilder builder = new("residual", channels);
            builder.Input(14, 10, 3, range: Activation.S8);
            string stem = builder.Conv(builder.InputName, channels, 3, activation: Activation.Residual);
            string input = builder.Requantize(stem, Activation.U7);
            var first = builder.BasicBlock(stem, input, channels);
            var second = builder.BasicBlock(first.Residual, first.Input, 2 * channels, stride: 2, weightBits: 4, activation: Activation.U4);
            var third = builder.BasicBlock(second.Residual, second.Input, 2 * channels);
            builder.Gemm(builder.GlobalAveragePool(third.Input), 10);
            (Network network, NetworkWeights weights) = builder.Build();
            network = shortMultipliers ? WithShortMultipliers(network, 24) : network;
            NetworkPlan plan = Planner.Plan(network, new KernelPreference(machine));

            Assert.All(plan.Steps.OfType<ConvStep>(), step => Assert.True(step.Kernels.Count > 1 || machine == InstructionSet.Scalar));
            RequantizeForm form = shortMultipliers ? RequantizeForm.Int32 : RequantizeForm.HighHalf;
            Assert.All(plan.Steps.OfType<ConvStep>(), step => Assert.Equal(form, step.Epilogue.Requantize!.Form));
            Assert.Null(FirstDifference(plan, network, weights, Inputs(network, weights, everyChannel: false)));
        }
    }

    // Of as many bits as 32-bit products leave, however few.
    private static Network WithShortMultipliers(Network network, int most) =>
        network with { Layers = network.Layers.Select(layer => WithShortMultipliers(layer, most)).ToEquatableArray() };

    private static Layer WithShortMultipliers(Layer layer, int most)
    {
        if (layer is not LinearLayer linear)
        {
            return layer;
        }

        long largest = linear.Facts.LargestAccumulator;
        int bits = Enumerable.Range(1, most).Last(n => linear.Requantize.All(dyadic => dyadic.Shortened(n).FitsInt32(31 - n, largest)));
        return linear with { Requantize = linear.Requantize.Select(dyadic => dyadic.Shortened(bits)).ToEquatableArray() };
    }

    // From 15 bits to 7 for the same largest value.
    private static readonly Dyadic s_sameRange = Dyadic.FromReal(127 / 32767.0);
    private static readonly Dyadic s_one = new(1 << 30, 30);

    /// <summary>
    /// Sums in int16 lanes: operands as they are and rescaled, which cannot be negative and which can, values far beyond int16, and both forms of the
    /// multiplier behind them; blocks of one and two vectors, and a tail.
    /// </summary>
    [Theory]
    [MemberData(nameof(Machines))]
    public void A_sum_in_int16_lanes_is_the_same_on_every_machine(InstructionSet machine)
    {
        HashSet<(ShortForm?, ShortForm)> forms = [];
        foreach ((int channels, Activation range, Dyadic identity, Dyadic codes) in new[]
        {
            (16, Activation.Residual, s_one, s_sameRange),
            (37, Activation.Residual, new Dyadic(1234567891, 31), new Dyadic(2121770738, 38)),
            (64, Activation.Residual, new Dyadic(1987654321, 32), s_sameRange),
            (64, Activation.S16, s_one, s_sameRange),
        })
        {
            (Network network, NetworkWeights weights) = Sum(channels, range, identity, codes);
            NetworkPlan plan = Planner.Plan(network, new KernelPreference(machine));
            ShortLanes lanes = plan.Steps.OfType<ConvStep>().Single(step => step.Epilogue.Residual is not null).Epilogue.Shorts!;
            forms.Add((lanes.Operand, lanes.Stores[1]));

            Assert.Null(FirstDifference(plan, network, weights, Inputs(network, weights, everyChannel: false)));
        }

        Assert.Equal(
            [(null, ShortForm.Narrow), (ShortForm.Identity, ShortForm.Narrow), (ShortForm.Split, ShortForm.Narrow), (ShortForm.Split, ShortForm.Split)],
            forms.Order());
    }

    /// <summary>What the quantizer makes of a projection with one scale per stage: narrowing is the clamp of the branch, and the operand may be negative.</summary>
    [Theory]
    [MemberData(nameof(Machines))]
    public void A_branch_of_16_bits_is_the_same_on_every_machine(InstructionSet machine)
    {
        Activation all = new(16, short.MinValue, short.MaxValue);
        (Network network, NetworkWeights weights) = Sum(48, all, s_one, s_sameRange, all, s_one);
        NetworkPlan plan = Planner.Plan(network, new KernelPreference(machine));
        Epilogue epilogue = plan.Steps.OfType<ConvStep>().Single(step => step.Epilogue.Residual is not null).Epilogue;
        Assert.True(epilogue.Clamp is { Low: true, High: true } && epilogue.Shorts!.Operand == ShortForm.Identity);
        Assert.Null(FirstDifference(plan, network, weights, Inputs(network, weights, everyChannel: false)));
    }

    [Fact]
    public void An_addition_in_int16_lanes_that_is_not_proven_fails()
    {
        (Network network, NetworkWeights weights) = Sum(64, Activation.S16, s_one, s_sameRange);
        NetworkPlan plan = Planner.Plan(network, new KernelPreference(Tiers.First()));
        NetworkPlan unproven = plan with
        {
            Steps = plan.Steps.Select(step => step is ConvStep { Epilogue.Shorts: { } lanes } conv
                ? conv with { Epilogue = conv.Epilogue with { Shorts = lanes with { Operand = ShortForm.Identity } } }
                : step).ToEquatableArray(),
        };
        Assert.NotNull(FirstDifference(unproven, network, weights, Inputs(network, weights, everyChannel: false)));
    }

    // A branch that runs far beyond int16, plus a 16-bit tensor, cut to [0, 32767] and brought to 7 bits for the next convolution.
    private static (Network Network, NetworkWeights Weights) Sum(int channels, Activation range, Dyadic identity, Dyadic codes, Activation? branchRange = null, Dyadic? branchMultiplier = null)
    {
        Dyadic self = branchMultiplier ?? new Dyadic(1 << 30, 28);
        NetworkBuilder builder = new("sum", channels) { Pattern = WeightPattern.Extreme };
        builder.Input(9, 7, 32, range: Activation.S8);
        string branch = builder.Conv(builder.InputName, channels, 3, activation: branchRange ?? Activation.Branch);
        string other = builder.Conv(builder.InputName, channels, 1, activation: range);
        string sum = builder.Add(branch, other);
        string next = builder.Conv(builder.Requantize(sum, Activation.U7), 8, 1, activation: Activation.U7);
        (Network network, NetworkWeights weights) = builder.Build(next, sum);
        network = network with
        {
            Layers = network.Layers.Select(layer => layer switch
            {
                AddLayer add => add with { RequantizeA = self, RequantizeB = identity },
                RequantizeLayer requantize => requantize with { Requantize = codes },
                _ => layer,
            }).ToEquatableArray(),
        };
        Interpreter interpreter = new(network, weights);
        int[] values = [.. Inputs(network, weights, everyChannel: false).SelectMany(input => interpreter.RunCodes(input)[branch])];
        Assert.True(branchRange is null
            ? self.Requantize(values.Max()) > 2 * short.MaxValue && self.Requantize(values.Min()) < 2 * short.MinValue
            : (values.Min(), values.Max()) == (branchRange.Lo, branchRange.Hi));
        return (network, weights);
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void A_depthwise_network_is_the_same_on_every_machine(InstructionSet machine)
    {
        NetworkBuilder builder = new("depthwise", 3);
        builder.Input(15, 13, 3, range: Activation.U8);
        string x = builder.Conv(builder.InputName, 21, 3, activation: Activation.U8Asymmetric);
        x = builder.Depthwise(x, 3, activation: Activation.S8Full);
        x = builder.Depthwise(x, 5, 2, activation: Activation.U7);
        x = builder.Conv(x, 32, 1, activation: Activation.U8);
        x = builder.Depthwise(x, 3, 2, padding: 0, weightBits: 4, activation: Activation.U4);
        x = builder.Conv(x, 32, 3, dilation: 2, groups: 32, activation: Activation.U7);
        builder.Gemm(x, 7);
        (Network network, NetworkWeights weights) = builder.Build();
        NetworkPlan plan = Planner.Plan(network, new KernelPreference(machine));

        Assert.Equal(machine == InstructionSet.Scalar ? 0 : 4, plan.Steps.OfType<ConvStep>().Count(step => step.Kernels[0].Family == KernelFamily.Depthwise));
        Assert.Null(FirstDifference(plan, network, weights, Inputs(network, weights, everyChannel: false)));
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void Winograd_is_exact_on_every_machine(InstructionSet machine)
    {
        // Left over for the last tile of a column and of a row: two and three outputs, one and two.
        foreach ((WeightPattern pattern, int height, int width) in new[] { (WeightPattern.Bell, 18, 15), (WeightPattern.Extreme, 17, 18) })
        {
            NetworkBuilder builder = new("winograd", 3) { Pattern = pattern };
            builder.Input(height, width, 32, range: Activation.U8);
            string x = builder.Conv(builder.InputName, 48, 3, activation: Activation.Residual);
            string y = builder.Requantize(x, Activation.S8Full);
            y = builder.Conv(y, 80, 1, activation: Activation.U7); // not a multiple of what the widest vector transforms
            y = builder.Conv(y, 112, 3, activation: Activation.U7); // from here two layers whose weights every inference transforms, by one and by two blocks
            y = builder.Conv(y, 96, 3, weightBits: 4, activation: Activation.U7);
            y = builder.Conv(y, 48, 3, weightBits: 4, activation: Activation.Branch);
            y = builder.Add(y, x);
            builder.Conv(builder.Requantize(y, Activation.U8), 7, 1, activation: Activation.S16);
            (Network network, NetworkWeights weights) = builder.Build();
            NetworkPlan plan = Planner.Plan(network, new KernelPreference(machine));

            WinogradLayout[] layouts = [.. plan.Steps.OfType<ConvStep>().Where(step => step.Kernels[0].Family == KernelFamily.Winograd4).Select(step => new WinogradLayout(machine, step.Geometry))];
            Assert.Equal(machine == InstructionSet.Scalar ? [] : [false, true, true, true], layouts.Select(layout => layout.TransformsWeights));
            Assert.Null(FirstDifference(plan, network, weights, Inputs(network, weights, everyChannel: false)));

            int[] codes = TestInputs.Codes(network.Tensor(network.Input.Tensor), 9);
            using CompiledNetwork three = CompiledNetwork.Compile(plan, weights, new CompilationOptions(Threads: 3));
            Assert.Equal(new Interpreter(network, weights).RunCodes(codes)[network.Outputs[0]], three.InferCodes(codes)[0]);
        }
    }

    /// <summary>First layers of residual networks: 7x7 with stride 2 on few channels, whose even and odd rows and columns are channels of one transform.</summary>
    [Theory]
    [MemberData(nameof(Machines))]
    public void Winograd_of_first_layers_is_exact_on_every_machine(InstructionSet machine)
    {
        foreach ((int height, int width, int channels, WeightPattern pattern) in new[]
        {
            (33, 30, 3, WeightPattern.Bell), (28, 41, 1, WeightPattern.Extreme), (37, 28, 2, WeightPattern.Extreme), (29, 32, 3, WeightPattern.Extreme), (28, 28, 4, WeightPattern.Extreme),
        })
        {
            NetworkBuilder builder = new("first", 4) { Pattern = pattern };
            builder.Input(height, width, channels, range: channels == 3 ? Activation.S8Full : Activation.U8);
            string x = builder.Conv(builder.InputName, width == 32 ? 48 : 64, 7, 2, activation: Activation.U7);
            builder.Conv(x, 16, 3, 2, activation: Activation.S16);
            (Network network, NetworkWeights weights) = builder.Build();
            NetworkPlan plan = Planner.Plan(network, new KernelPreference(machine));

            KernelFamily family = plan.Steps.OfType<ConvStep>().First().Kernels[0].Family;
            Assert.Equal(machine switch { InstructionSet.Scalar => KernelFamily.Scalar, InstructionSet.AvxVnni => KernelFamily.Dot4, _ => KernelFamily.Winograd4 }, family);
            Assert.Null(FirstDifference(plan, network, weights, Inputs(network, weights, everyChannel: false)));

            int[] codes = TestInputs.Codes(network.Tensor(network.Input.Tensor), 9);
            using CompiledNetwork three = CompiledNetwork.Compile(plan, weights, new CompilationOptions(Threads: 3));
            Assert.Equal(new Interpreter(network, weights).RunCodes(codes)[network.Outputs[0]], three.InferCodes(codes)[0]);
        }
    }

    /// <summary>Large layers on small maps, whose threads take output channels: an odd number of blocks; weights of half of the input channels at a time; 4-bit weights, which int16 lanes take.</summary>
    [Theory]
    [MemberData(nameof(Machines))]
    public void Winograd_of_small_maps_is_exact_on_every_machine(InstructionSet machine)
    {
        NetworkBuilder builder = new("small", 5);
        builder.Input(9, 7, 96, range: Activation.U8);
        string x = builder.Conv(builder.InputName, 112, 3, activation: Activation.U7);
        x = builder.Conv(x, 320, 1, activation: Activation.U7);
        x = builder.Conv(x, 64, 3, activation: Activation.U7);
        x = builder.Conv(x, 128, 3, weightBits: 4, activation: Activation.U7);
        builder.Conv(x, 7, 1, activation: Activation.S16);
        (Network network, NetworkWeights weights) = builder.Build();
        NetworkPlan plan = Planner.Plan(network, new KernelPreference(machine));

        ConvStep[] steps = [.. plan.Steps.OfType<ConvStep>().Where(step => step.Kernels[0].Family == KernelFamily.Winograd4)];
        Assert.Equal(machine == InstructionSet.Avx512 ? [96, 160] : [], steps.Select(step => new WinogradLayout(machine, step.Geometry).ChannelsPerPass));
        Assert.Null(FirstDifference(plan, network, weights, Inputs(network, weights, everyChannel: false)));

        int[] codes = TestInputs.Codes(network.Tensor(network.Input.Tensor), 9);
        using CompiledNetwork three = CompiledNetwork.Compile(plan, weights, new CompilationOptions(Threads: 3));
        Assert.Equal(new Interpreter(network, weights).RunCodes(codes)[network.Outputs[0]], three.InferCodes(codes)[0]);
    }

    /// <summary>
    /// Parts that their own steps write in place (a Winograd convolution, one whose channels end in a tail, a pool), one that is read elsewhere too, one that
    /// occurs twice, one that nobody can write in place (a maximum), and a joined tensor that becomes a part.
    /// </summary>
    [Theory]
    [MemberData(nameof(Machines))]
    public void A_joined_network_is_the_same_on_every_machine(InstructionSet machine)
    {
        NetworkBuilder builder = new("joined", 11);
        builder.Input(15, 14, 32, range: Activation.U7);
        string wide = builder.Conv(builder.InputName, 32, 3, activation: Activation.U7);
        string narrow = builder.Conv(builder.InputName, 21, 1, activation: Activation.U8Asymmetric);
        string largest = builder.MaxPool(builder.InputName, new Size2(3, 3), new Size2(1, 1), new Padding(1, 1, 1, 1));
        string average = builder.AveragePool(builder.InputName, new Size2(3, 3), new Size2(1, 1), new Padding(1, 1, 1, 1), activation: Activation.S8);
        string joined = builder.Concat(Activation.U8Asymmetric, wide, narrow, largest, average, narrow);
        string x = builder.Conv(joined, 17, 3, activation: Activation.U7);
        x = builder.Concat(Activation.U7, joined, x, builder.Conv(narrow, 5, 1, activation: Activation.U7));
        string output = builder.Gemm(builder.GlobalAveragePool(builder.Conv(x, 24, 3, 2, activation: Activation.U7)), 10);
        (Network network, NetworkWeights weights) = builder.Build(output);
        NetworkPlan plan = Planner.Plan(network, new KernelPreference(machine));

        Assert.Equal(2, plan.Steps.OfType<ElementwiseStep>().Count()); // the maximum, and the first joined tensor
        Assert.Null(FirstDifference(plan, network, weights, Inputs(network, weights, everyChannel: false)));
    }

    [Fact]
    public void A_window_that_the_facts_do_not_prove_fails_on_the_adversarial_input()
    {
        NetworkBuilder builder = new("mutation", 5) { Pattern = WeightPattern.Extreme };
        builder.Input(6, 8, 64, range: Activation.U8);
        builder.Conv(builder.InputName, 16, 3, weightBits: 4, activation: Activation.Branch);
        (Network network, NetworkWeights weights) = builder.Build();
        ConvStep step = Planner.Plan(network).Steps.OfType<ConvStep>().Single();
        int proven = LongestWindow(step);
        int longer = step.Weights.Facts.Windows.Where(w => w.Steps > proven && w.Steps <= 48).Min(w => w.Steps);

        Assert.Null(FirstDifference(PlanWith(proven), network, weights, Inputs(network, weights, everyChannel: true)));
        Assert.NotNull(FirstDifference(PlanWith(longer), network, weights, Inputs(network, weights, everyChannel: true)));

        NetworkPlan PlanWith(int window) => Planner.Plan(network, new KernelPreference
        {
            Forced = new KernelChoice(Tiers.First(), KernelFamily.Maddubs16, WeightPacking.Interleaved4, 16, 4, window),
        });
    }

    // The longest proven window that lies in a run, or is the whole kernel.
    private static int LongestWindow(ConvStep step)
    {
        ConvGeometry g = step.Geometry;
        return KernelProofs.Proven(step.Input, step.Weights.Facts)
            .First(w => w.Steps == g.Kernel.Height * g.RunsPerRow * g.StepsPerRun || (g.RunsPerRow == 1 && w.Steps <= g.StepsPerRun) || w.Steps == 1).Steps;
    }

    private static IEnumerable<int[]> Inputs(Network network, NetworkWeights weights, bool everyChannel)
    {
        Tensor input = network.Tensor(network.Input.Tensor);
        ConvLayer layer = (ConvLayer)network.Layers[0];
        Shape output = network.Tensor(layer.Output).Shape;
        sbyte[] codes = weights.Unpack(layer.Weights);
        int last = layer.Weights.OutputChannels - 1;
        return TestInputs.ExtremeCodes(input).Append(TestInputs.Codes(input, 3)).Concat(
            (everyChannel ? Enumerable.Range(0, last + 1) : [0, last]).SelectMany(channel => new[]
            {
                TestInputs.Adversarial(layer, codes, input, channel, output.Height / 2, output.Width / 2, true),
                TestInputs.Adversarial(layer, codes, input, channel, output.Height - 1, output.Width - 1, false),
            }));
    }

    private static string? FirstDifference(NetworkPlan plan, Network network, NetworkWeights weights, IEnumerable<int[]> inputs)
    {
        // As in a project that sets CheckForOverflowUnderflow: sums that wrap by design must not throw there, and give the same bits.
        using CompiledNetwork compiled = CompiledNetwork.Compile(plan, weights, new CompilationOptions(Trace: true, CheckOverflow: true));
        Interpreter interpreter = new(network, weights);
        string? difference = null;
        foreach (int[] input in inputs)
        {
            IReadOnlyDictionary<string, int[]> expected = interpreter.RunCodes(input);
            compiled.Trace(input, (name, actual) =>
            {
                int at = expected[name].AsSpan().CommonPrefixLength(actual);
                if (at < actual.Length)
                {
                    difference ??= $"{name}[{at}] is {actual[at]}, not {expected[name][at]}";
                }
            });
        }

        return difference;
    }
}

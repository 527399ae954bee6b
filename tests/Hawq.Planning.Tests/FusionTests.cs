using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.Planning.Tests;

/// <summary>Which layers become one step.</summary>
public sealed class FusionTests
{
    [Fact]
    public void A_residual_block_is_two_steps()
    {
        NetworkBuilder b = new("block", 1);
        b.Input(8, 8, 3);
        string residual = b.Conv(b.InputName, 16, 3, activation: Activation.Residual);
        b.BasicBlock(residual, b.Requantize(residual, Activation.U7), 16);
        NetworkPlan plan = Planner.Plan(b.Build().Network);
        Assert.Equal(["conv0 + requantize1", "conv2", "conv3 + add4 + requantize5"], Convolutions(plan));
        Assert.DoesNotContain(plan.Steps, step => step is ElementwiseStep);
    }

    [Fact]
    public void The_shortcut_moves_in_front_of_the_convolution_that_adds_it()
    {
        NetworkBuilder b = new("block", 1);
        b.Input(8, 8, 3);
        string residual = b.Conv(b.InputName, 16, 3, activation: Activation.Residual);
        b.BasicBlock(residual, b.Requantize(residual, Activation.U7), 32, stride: 2);
        NetworkPlan plan = Planner.Plan(b.Build().Network);
        Assert.Equal(["conv2", "slice4 + pad5", "conv3 + add6 + requantize7"], plan.Steps.Skip(2).Take(3).Select(Layers));
    }

    [Fact]
    public void Of_two_convolutions_that_meet_in_an_add_the_later_one_adds()
    {
        NetworkBuilder b = new("projection", 1);
        b.Input(8, 8, 4);
        string left = b.Conv(b.InputName, 8, 3, activation: Activation.Branch);
        string right = b.Conv(b.InputName, 8, 1, activation: Activation.Branch);
        b.Add(left, right);
        Assert.Equal(2, Convolutions(Planner.Plan(b.Build().Network)).Count());
    }

    [Fact]
    public void A_value_with_other_readers_is_stored_as_well()
    {
        NetworkBuilder b = new("readers", 1);
        b.Input(8, 8, 4);
        string x = b.Conv(b.InputName, 8, 3, activation: Activation.Residual);
        string sum = b.Add(x, x);
        NetworkPlan plan = Planner.Plan(b.Build(sum, x).Network);
        Assert.Equal(["conv0"], Convolutions(plan));
        Assert.Contains(plan.Steps, step => step is ElementwiseStep);
    }

    [Fact]
    public void Convolutions_write_their_channels_of_a_concatenation()
    {
        NetworkBuilder b = new("joined", 1);
        b.Input(8, 8, 4);
        string left = b.Conv(b.InputName, 8, 3, activation: Activation.U7);
        string right = b.Conv(b.InputName, 24, 1, activation: Activation.U8);
        b.Conv(b.Concat(Activation.U7, left, right), 8, 3, activation: Activation.U7);
        NetworkPlan plan = Planner.Plan(b.Build().Network);

        ConvStep[] parts = [.. plan.Steps.OfType<ConvStep>().Take(2)];
        ConcatStep joined = Assert.Single(plan.Steps.OfType<ConcatStep>());
        Assert.Empty(joined.Parts);
        Assert.DoesNotContain(plan.Steps, step => step is ElementwiseStep);
        Assert.All(parts, part => Assert.True(Assert.Single(part.Writes).IsPart));
        Assert.Equal([joined.Target.Offset, joined.Target.Offset + 8], parts.Select(part => part.Writes.Single().Offset));
        Assert.Equal(1, plan.Arena.Buffers[joined.Target.Buffer].FirstStep); // alive from its first part on
    }

    private static IEnumerable<string> Convolutions(NetworkPlan plan) => plan.Steps.OfType<ConvStep>().Select(Layers);

    private static string Layers(Step step) => string.Join(" + ", step.Layers);
}

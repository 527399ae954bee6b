using CsCheck;
using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.Planning.Tests;

/// <summary>The arena: nothing that lives at the same time overlaps.</summary>
public sealed class ArenaTests
{
    [Fact]
    public void Buffers_that_live_at_the_same_time_do_not_overlap() => Gen.Int[0, 100_000].Sample(
        seed =>
        {
            ArenaPlan arena = Planner.Plan(RandomNetworks.Create(seed).Network).Arena;
            foreach (ArenaBuffer a in arena.Buffers)
            {
                Assert.Equal(0, a.Offset % 64);
                Assert.True(a.Offset + a.Bytes <= arena.Bytes);
                foreach (ArenaBuffer b in arena.Buffers.Where(b => b != a && a.FirstStep <= b.LastStep && b.FirstStep <= a.LastStep))
                {
                    Assert.True(a.Offset + a.Bytes <= b.Offset || b.Offset + b.Bytes <= a.Offset, $"{a} overlaps {b}.");
                }
            }
        },
        iter: 200);

    [Fact]
    public void A_step_reads_only_buffers_that_are_alive() => Gen.Int[0, 100_000].Sample(
        seed =>
        {
            NetworkPlan plan = Planner.Plan(RandomNetworks.Create(seed).Network);
            HashSet<string> written = [];
            for (int i = 0; i < plan.Steps.Count; i++)
            {
                foreach (TensorStorage read in plan.Steps[i].Reads)
                {
                    ArenaBuffer buffer = plan.Arena.Buffers[read.Buffer];
                    Assert.Contains(read.Tensor.Name, written);
                    Assert.InRange(i, buffer.FirstStep, buffer.LastStep);
                }

                written.UnionWith(plan.Steps[i].Writes.Select(w => w.Tensor.Name));
            }
        },
        iter: 200);

    [Fact]
    public void A_chain_needs_two_maps()
    {
        NetworkBuilder b = new("chain", 1);
        b.Input(32, 32, 4);
        string x = b.InputName;
        for (int i = 0; i < 6; i++)
        {
            x = b.Conv(x, 16, 3);
        }

        ArenaPlan arena = Planner.Plan(b.Build().Network).Arena;
        Assert.Equal(2 * 34 * 34 * 16, arena.LowerBound); // one map and the next, with their borders
        Assert.Equal(arena.LowerBound + 64, arena.Bytes); // and the slack behind the last
    }
}

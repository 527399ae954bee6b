using Hawq.Compilation;
using Hawq.Model;

namespace Hawq.Cli.Verification;

/// <summary>What one process does: runs the compiled network over the cases and compares every tensor that is in memory.</summary>
internal static class TierCheck
{
    /// <summary>Stops at the first difference.</summary>
    public static TierResult Run(CompiledNetwork compiled, IEnumerable<VerificationCase> cases, string tier, CancellationToken cancellation)
    {
        Network network = compiled.Plan.Network;
        long bytes = 0;
        int inputs = 0;
        int tensors = 0;
        foreach (VerificationCase item in cases)
        {
            cancellation.ThrowIfCancellationRequested();
            Dictionary<string, int[]> got = [];
            int[][] outputs = compiled.Trace(item.Input, (name, codes) => got[name] = codes);
            for (int i = 0; i < outputs.Length; i++)
            {
                // What the caller gets is the last word, whatever the arena holds.
                got[network.Outputs[i]] = outputs[i];
            }

            inputs++;
            tensors = got.Count;
            if (TraceComparison.FirstDifference(network, item.Name, item.Expected, got, ref bytes) is { } difference)
            {
                return new TierResult(tier, Tier.OfThisProcess(), inputs, tensors, bytes, difference);
            }
        }

        return new TierResult(tier, Tier.OfThisProcess(), inputs, tensors, bytes, null);
    }
}

using Hawq.Model;

namespace Hawq.Quantization.Lowering;

/// <summary>The values that identity shortcuts connect: an addition's sum, and the operands of it that live on the residual grid as they are.</summary>
internal static class ResidualStages
{
    /// <summary>Names of the tensors of every stage of at least two, in execution order.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Of(LoweredNetwork lowered)
    {
        List<List<string>> stages = [];
        foreach (LoweredAdd add in lowered.Layers.OfType<LoweredAdd>().Where(add => IsResidual(add.Output)))
        {
            string[] connected = [.. new[] { add.A, add.B }.Where(IsResidual).Append(add.Output).Distinct()];
            List<string>[] joined = [.. stages.Where(stage => stage.Intersect(connected).Any())];
            stages.RemoveAll(joined.Contains);
            stages.Add([.. joined.SelectMany(stage => stage).Union(connected)]);
        }

        return [.. stages.Where(stage => stage.Count > 1)];

        bool IsResidual(string name) => lowered.Tensors[name] is { Role: TensorRole.Residual, GridOf: null, Joined: false };
    }
}

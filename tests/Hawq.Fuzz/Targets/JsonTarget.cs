using System.Text;
using Hawq.Fuzz.Mutations;
using Hawq.Model;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.MixedPrecision;
using Hawq.Quantization.Search;
using Hawq.Quantization.Sensitivity;

namespace Hawq.Fuzz.Targets;

/// <summary>The JSON files of the bit search and of calibration. The first byte of an input says which.</summary>
internal sealed class JsonTarget : FuzzTarget
{
    private static readonly byte[][] s_seeds =
    [
        Encoding.UTF8.GetBytes("""
            {"format": "hawq-sensitivity/1", "network": "n", "modelSha256": "ab", "data": "d", "images": 8, "key": "k", "settings": {"metric": "kl"}, "layers": [
              {"layer": "a", "weightTrace": {"trace": 1.5, "standardError": 0.1, "rounds": 3}, "options": [{"bits": "8/8", "value": 0.1}, {"bits": "4/4", "value": 0.5, "standardError": 0.01}]},
              {"layer": "b", "options": [{"bits": "8/8", "value": 0.1}, {"bits": "4/4", "value": 0.5}]}]}
            """),
        Encoding.UTF8.GetBytes("""
            {"format": "hawq-latency/1", "network": "n", "modelSha256": "ab", "target": "t", "machine": "e", "layers": [
              {"layer": "a", "bits": "8/8", "nanoseconds": 1200, "kernel": "k"}, {"layer": "a", "bits": "4/8", "nanoseconds": 900}]}
            """),
        Encoding.UTF8.GetBytes("""
            {"format": "hawq-pareto/1", "network": "n", "cost": "bops", "key": "k", "layers": ["a", "b"], "points": [
              {"cost": 12, "objective": 0.5, "uniform": "8/8", "bits": "8/8 8/8"},
              {"cost": 6, "objective": 1.5, "bits": "4/4 8/8", "measured": {"images": 8, "top1": 90.5, "agreement": 99, "sqnrDb": 20.5, "kl": 0.01}}]}
            """),
        Encoding.UTF8.GetBytes("""
            {"source": "s", "network": "n", "units": {"size": "bytes/2^20"}, "layers": [
              {"index": 0, "layer": "a", "averageTrace": 1.5, "perturbation8": 0.1, "perturbation4": 0.7, "parameters": 432, "macsMillions": 1.5, "latency8Ms": 0.2, "latency4Ms": 0.1},
              {"index": 1, "layer": "b", "averageTrace": 0.5, "perturbation8": 0.1, "perturbation4": 0.7, "parameters": 864, "macsMillions": 2.5, "latency8Ms": 0.3, "latency4Ms": 0.2}],
              "tiedLayers": [[0, 1]], "instances": [{"constraint": "size", "alpha": 0.5}, {"constraint": "bops", "limit": 0.2, "bits": "48"}]}
            """),
        Statistics(),
    ];

    /// <inheritdoc/>
    public override string Name => "json";

    /// <inheritdoc/>
    public override byte[] Mutant(Random random)
    {
        int kind = random.Next(s_seeds.Length);
        return [(byte)kind, .. random.Next(4) == 0 ? ByteMutator.Mutate(s_seeds[kind], random) : JsonMutator.Mutate(s_seeds[kind], random)];
    }

    /// <inheritdoc/>
    public override bool Accepts(byte[] input)
    {
        byte[] text = input[1..];
        try
        {
            switch (input[0])
            {
                case 0:
                    SensitivityFile.Parse(text, "f");
                    return true;
                case 1:
                    LatencyTable.Parse(text, "f");
                    return true;
                case 2:
                    ParetoFront.Parse(text, "f");
                    return true;
                case 4:
                    CalibrationStatistics.Merge([StatisticsFile.Parse(text, "f")]);
                    return true;
                default:
                    SearchInstance instance = SearchInstanceReader.Parse(text, "f");
                    foreach (InstanceBudget budget in instance.Budgets)
                    {
                        BitSearch.Limit(instance.Problem(budget), instance.Problem(budget).Budgets[0]);
                    }

                    return true;
            }
        }
        catch (HawqException)
        {
            return false;
        }
    }

    private static byte[] Statistics()
    {
        ValueHistogram histogram = new();
        histogram.Add([0, 0.25f, -1]);
        Preprocess preprocess = new("p", 256, "RGB", 0.5f, new float[] { 0, 1, 2 }, new float[] { 1, 2, 3 });
        return StatisticsFile.Serialize(new CalibrationStatistics(
            "n", "ab", [new InputRange("d", 0, 4), new InputRange("e", 8, 4)], preprocess, ["a", "b"], new Dictionary<string, ValueHistogram> { ["x"] = histogram, ["y"] = new() }));
    }
}

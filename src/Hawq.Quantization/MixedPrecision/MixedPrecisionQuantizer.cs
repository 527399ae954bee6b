using System.Globalization;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Search;
using Hawq.Quantization.Sensitivity;

namespace Hawq.Quantization.MixedPrecision;

/// <summary>A mixed-precision network and how its bits were chosen.</summary>
/// <param name="Model">The quantized network.</param>
/// <param name="Problem">The integer linear program.</param>
/// <param name="Solution">Its solution.</param>
/// <param name="Tried">The assignments that were quantized and measured, first the program's best.</param>
/// <param name="Chosen">Index of the one that was kept.</param>
public sealed record MixedPrecisionResult(
    QuantizedModel Model, BitSearchProblem Problem, BitSearchSolution Solution, IReadOnlyList<TriedAssignment> Tried, int Chosen);

/// <summary>An assignment that was quantized and measured.</summary>
/// <param name="Name"><c>optimum</c>, <c>candidate 2</c> for the second best, or <c>uniform 4/8</c>.</param>
/// <param name="Assignment">Its bits and costs.</param>
/// <param name="Result">Against the float network, on inputs that were not used for calibration where there are some (labels not used).</param>
public sealed record TriedAssignment(string Name, SearchAssignment Assignment, EvaluationResult Result);

/// <summary>Chooses bits by the integer linear program, quantizes, and keeps the better of the optimum and the uniform networks that fit the same budgets.</summary>
public static class MixedPrecisionQuantizer
{
    /// <summary>Fewer inputs do not tell networks apart.</summary>
    private const int LeastJudges = 64;

    /// <summary>Quantizes with the best bits that fit.</summary>
    /// <param name="graph">The float network.</param>
    /// <param name="data">Calibration inputs.</param>
    /// <param name="quantizer">Options of the quantizer; its bits are replaced.</param>
    /// <param name="options">Options of the search.</param>
    /// <param name="sensitivities">Measured sensitivities.</param>
    /// <param name="weightsFile">File name of the sidecar.</param>
    /// <param name="progress">Shows phases and steps.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="HawqException">See <see cref="BitSearch.Solve"/>, <see cref="MixedPrecisionProblem.Build"/> and <see cref="Quantizer"/>.</exception>
    public static MixedPrecisionResult Quantize(
        FloatGraph graph, IDataSet data, QuantizerOptions quantizer, MixedPrecisionOptions options, SensitivityTable sensitivities, string weightsFile,
        IProgressSink? progress = null, CancellationToken cancellation = default)
    {
        BitSearchProblem problem = MixedPrecisionProblem.Build(graph, sensitivities, options);
        BitSearchSolution solution = BitSearch.Solve(problem, Math.Max(2, options.Candidates));
        List<(string Name, SearchAssignment Assignment)> candidates =
            [.. solution.Candidates.Take(options.Candidates).Select((assignment, i) => (i == 0 ? "optimum" : string.Create(CultureInfo.InvariantCulture, $"candidate {i + 1}"), assignment))];
        foreach (UniformCandidate uniform in solution.Uniform)
        {
            if (uniform.Fits && !candidates.Exists(candidate => candidate.Assignment.Bits == uniform.Assignment.Bits) && !solution.Uniform.Any(other => other.Fits && other.Option != uniform.Option && other.Option.Contains(uniform.Option)))
            {
                candidates.Add(($"uniform {uniform.Option}", uniform.Assignment));
            }
        }

        using IDataSet judges = Judges(data, Math.Min(quantizer.EffectiveCalibrationCount, data.Count));
        float[][] reference;
        using (FloatRunner runner = new(graph))
        {
            reference = runner.Logits(judges, judges.Count, null, cancellation);
        }

        List<TriedAssignment> tried = [];
        QuantizedModel? best = null;
        int chosen = 0;
        foreach ((string name, SearchAssignment assignment) in candidates)
        {
            QuantizerOptions with = quantizer with { Grids = quantizer.Grids with { Bits = MixedPrecisionProblem.ToBits(problem, assignment) } };
            QuantizedModel model = Quantizer.Quantize(graph, data, with, weightsFile, progress, cancellation);
            EvaluationResult result = NetworkEvaluation.Run(judges, model, reference, null, null, cancellation);
            tried.Add(new TriedAssignment(name, assignment, result));

            // By SQNR: on a few hundred images the KL hangs on a handful of them.
            if (best is null || result.SqnrDb > tried[chosen].Result.SqnrDb)
            {
                (best, chosen) = (model, tried.Count - 1);
            }
        }

        return new MixedPrecisionResult(Describe(best!, sensitivities, options, tried[chosen]), problem, solution, tried, chosen);
    }

    /// <summary>
    /// As many inputs behind the calibration inputs, where there are enough; else the calibration inputs. Narrow weights are fitted to those, and look better on them than
    /// they are: on ResNet-56 at half of the BOPS they hid that the optimum beats uniform 4/8 by 1.6 dB.
    /// </summary>
    private static DataSlice Judges(IDataSet data, int calibration) => data.Count - calibration >= LeastJudges
        ? new DataSlice(data, calibration, Math.Min(calibration, data.Count - calibration))
        : new DataSlice(data, 0, calibration);

    /// <summary>Adds to the manifest how the bits were chosen.</summary>
    private static QuantizedModel Describe(QuantizedModel model, SensitivityTable sensitivities, MixedPrecisionOptions options, TriedAssignment chosen)
    {
        List<Setting> settings = [.. model.Network.Provenance.Settings];
        string metric = sensitivities.Settings.FirstOrDefault(setting => setting.Name == "metric")?.Value ?? "external";
        settings.Add(new("search", $"{chosen.Name}; sensitivity {metric}, {sensitivities.Data ?? "measured elsewhere"}; options {string.Join(" ", options.Options)}"));
        settings.Add(new("budgets", options.Budgets.Count == 0 ? "none" : string.Join(", ", options.Budgets)));
        Network network = model.Network with { Provenance = model.Network.Provenance with { Settings = settings.ToEquatableArray() } };
        return model with { Network = network };
    }
}

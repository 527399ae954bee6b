using System.Globalization;
using Hawq.Quantization.Evaluation;

namespace Hawq.Cli.Verification;

/// <summary>Collects how far two implementations of one network are apart: logits in steps of their common grid, and the choice that they lead to.</summary>
internal sealed class LogitDifferences
{
    private readonly SortedDictionary<int, long> _bySteps = [];
    private int _inputs;
    private int _identical;
    private int _agreeing;

    /// <summary>Adds one input.</summary>
    /// <param name="ours">Real logits.</param>
    /// <param name="theirs">Real logits of the other implementation.</param>
    /// <param name="step">Scale of the logits' grid.</param>
    public void Add(ReadOnlySpan<float> ours, ReadOnlySpan<float> theirs, float step)
    {
        int largest = 0;
        for (int i = 0; i < ours.Length; i++)
        {
            int steps = (int)Math.Abs(Math.Round((ours[i] - (double)theirs[i]) / step));
            _bySteps[steps] = _bySteps.GetValueOrDefault(steps) + 1;
            largest = Math.Max(largest, steps);
        }

        _inputs++;
        _identical += largest == 0 ? 1 : 0;
        _agreeing += Evaluator.LargestIndex(ours) == Evaluator.LargestIndex(theirs) ? 1 : 0;
    }

    /// <summary>The figures so far; at least one input was added.</summary>
    public OnnxRuntimeResult Result()
    {
        long logits = _bySteps.Values.Sum();
        List<StepShare> steps = [];

        // 0, 1, 2, 3-4, 5-8, 9-16, ...: logits have 16 bits, and one step of an early layer becomes many of theirs.
        int lo = 0, hi = 0;
        while (lo <= _bySteps.Keys.Max())
        {
            long count = _bySteps.Where(pair => pair.Key >= lo && pair.Key <= hi).Sum(pair => pair.Value);
            steps.Add(new StepShare(lo == hi ? $"{lo}" : string.Create(CultureInfo.InvariantCulture, $"{lo}-{hi}"), count, 100.0 * count / logits));
            lo = hi + 1;
            hi = Math.Max(2 * hi, 1);
        }

        double mean = _bySteps.Sum(pair => (double)pair.Key * pair.Value) / logits;
        return new OnnxRuntimeResult(100.0 * _agreeing / _inputs, 100.0 * _identical / _inputs, mean, _bySteps.Keys.Max(), steps);
    }
}

/// <summary>A network beside ONNX Runtime on its QDQ export.</summary>
/// <param name="Agreement">Percentage of inputs with the same largest logit.</param>
/// <param name="IdenticalInputs">Percentage of inputs whose logits are the same to the last step.</param>
/// <param name="MeanSteps">Mean difference of a logit in steps of the logits' grid.</param>
/// <param name="LargestSteps">Largest difference.</param>
/// <param name="Distribution">Logits by difference.</param>
internal sealed record OnnxRuntimeResult(double Agreement, double IdenticalInputs, double MeanSteps, int LargestSteps, IReadOnlyList<StepShare> Distribution);

/// <summary>Logits that differ by so many steps.</summary>
/// <param name="Steps">A number or a range.</param>
/// <param name="Logits">How many.</param>
/// <param name="Percent">Their share.</param>
internal sealed record StepShare(string Steps, long Logits, double Percent);

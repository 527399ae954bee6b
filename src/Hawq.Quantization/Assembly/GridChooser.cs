using Hawq.Model;
using Hawq.Quantization.Calibration;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Assembly;

/// <summary>Turns a lowered tensor and the statistics of its values into a tensor with a scale and a range.</summary>
/// <param name="options">Calibrators, headroom, grids.</param>
internal sealed class GridChooser(QuantizerOptions options)
{
    private static readonly PercentileCalibrator NarrowResidual = new(99.999);

    /// <summary>The tensors of <paramref name="wanted"/>, which have grids of their own; those of a stage on one scale where that is asked for.</summary>
    /// <param name="lowered">The network.</param>
    /// <param name="wanted">Which of its tensors.</param>
    /// <param name="statistics">Statistics by value.</param>
    public IEnumerable<Tensor> Choose(LoweredNetwork lowered, Func<LoweredTensor, bool> wanted, IReadOnlyDictionary<string, ValueHistogram> statistics)
    {
        Dictionary<string, Tensor> own = lowered.Tensors.Values.Where(wanted).ToDictionary(tensor => tensor.Name, tensor => Choose(tensor, statistics[tensor.Value]));
        if (options.Grids.ResidualScale != ResidualScale.Stage)
        {
            return own.Values;
        }

        foreach (IReadOnlyList<string> stage in ResidualStages.Of(lowered))
        {
            float scale = stage.Max(name => own[name].Scale);
            foreach (string name in stage)
            {
                own[name] = At(lowered.Tensors[name], scale);
            }
        }

        foreach (LoweredRequantize change in lowered.Layers.OfType<LoweredRequantize>().Where(change => own.ContainsKey(change.Output)))
        {
            string grid = lowered.Tensors[change.Input].GridOf ?? change.Input;
            own[change.Output] = own.TryGetValue(grid, out Tensor? sum) ? Behind(sum, lowered.Tensors[change.Output], own[change.Output]) : own[change.Output];
        }

        return own.Values;
    }

    /// <summary>
    /// The codes that a layer reads behind a stage's sum. Where sums have scales of their own, so that both grids end at the same value, int16 arithmetic usually serves for the
    /// multiplier between them; here it rarely would, so the codes' scale moves by some parts in 2^15 to the nearest one where it does.
    /// </summary>
    /// <param name="sum">The sum.</param>
    /// <param name="codes">The codes.</param>
    /// <param name="chosen">Their grid.</param>
    public Tensor Behind(Tensor sum, LoweredTensor codes, Tensor chosen)
    {
        double multiplier = (double)sum.Scale / chosen.Scale;
        if (options.Grids.ResidualScale != ResidualScale.Stage || sum.Bits != 16 || codes.Bits > 8 || !(multiplier is > SmallestShort and < LargestShort))
        {
            return chosen;
        }

        Dyadic dyadic = Dyadic.FromReal(multiplier);
        return Enumerable.Range(0, 2 * ScalesTried).Select(i => UpperHalf.Of(dyadic) + ((i & 1) == 0 ? i / 2 : -(i + 1) / 2))
            .Select(upper => At(codes, (float)(sum.Scale / (upper * Math.Pow(2, 16 - dyadic.Shift)))))
            .FirstOrDefault(tensor => UpperHalf.EqualsDefinition(Dyadic.FromReal((double)sum.Scale / tensor.Scale), sum.Lo, sum.Hi, tensor.Lo, tensor.Hi), chosen);
    }

    private const int ScalesTried = 8;
    private const double SmallestShort = 1.0 / (1 << 15);
    private const double LargestShort = 1.0 / 4;

    /// <summary>A tensor with a grid of its own.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Calibration"/>: the values are not finite.</exception>
    public Tensor Choose(LoweredTensor tensor, ValueHistogram values)
    {
        if (values.NotFinite > 0)
        {
            throw new HawqException(HawqIds.Calibration, $"'{tensor.Value}' takes values that are not finite on the calibration data. Check the model and the preprocessing.");
        }

        (int _, int hi) = Codes(tensor);
        if (tensor.Role == TensorRole.Input && IsLopsided(values))
        {
            return Affine(tensor, values, hi);
        }

        double top = tensor switch
        {
            { Role: TensorRole.Residual or TensorRole.Output, Bits: 16 } => values.MaxMagnitude * options.Headroom,
            { Role: TensorRole.Residual } => NarrowResidual.Top(values, hi),
            { Bits: <= 4 } => options.LowBitCalibrator.Top(values, hi),
            _ => options.Calibrator.Top(values, hi),
        };
        float scale = (float)(top / hi);
        if (!(scale >= MinimumScale))
        {
            scale = MinimumScale; // a value that is always zero (or close to it): any grid will do
        }

        return At(tensor, scale);
    }

    private Tensor At(LoweredTensor tensor, float scale)
    {
        (int lo, int hi) = Codes(tensor);
        return new Tensor(tensor.Name, tensor.Shape, tensor.Bits, Bound(tensor.RealLo, scale, lo), Bound(tensor.RealHi, scale, hi), 0, scale);
    }

    /// <summary>Whether values lie so unevenly around 0 that symmetric codes would waste more than a fifth of their range.</summary>
    private static bool IsLopsided(ValueHistogram values) => values.Min < 0 && values.Max - (double)values.Min < .8 * 2 * values.MaxMagnitude;

    /// <summary>The network's input may have a zero point: min at the lowest code, max at the highest.</summary>
    private static Tensor Affine(LoweredTensor tensor, ValueHistogram values, int hi)
    {
        double max = Math.Max(values.Max, 0);
        float scale = Math.Max((float)((max - values.Min) / (2 * hi)), MinimumScale);
        int zero = (int)Math.Clamp(Math.Floor((-values.Min / (double)scale) - hi + .5), -hi, hi);
        return new Tensor(tensor.Name, tensor.Shape, tensor.Bits, -hi, hi, zero, scale);
    }

    /// <summary>Far below any useful step, and far from float32's subnormal numbers and from dyadic shifts that do not exist.</summary>
    private const float MinimumScale = 1e-9f;

    /// <summary>
    /// A branch of an addition on the sum's grid. Its range is wide enough that the layer's worst case does not reach it: the branch is rounded, not clamped. One of 16 bits is
    /// clamped to all of int16, which is at least the range of the sum with its headroom.
    /// </summary>
    /// <param name="tensor">The branch.</param>
    /// <param name="scale">The sum's scale.</param>
    /// <param name="worst">Largest magnitude of a code that the layer can produce.</param>
    public static Tensor Branch(LoweredTensor tensor, float scale, double worst)
    {
        if (tensor.Bits == 16)
        {
            return new Tensor(tensor.Name, tensor.Shape, 16, tensor.Unsigned ? 0 : short.MinValue, Bound(tensor.RealHi, scale, short.MaxValue), 0, scale);
        }

        int limit = 1 << 24;
        while (limit < 1 << 30 && limit <= worst)
        {
            limit <<= 1;
        }

        return new Tensor(tensor.Name, tensor.Shape, 32, tensor.Unsigned ? 0 : -limit, Bound(tensor.RealHi, scale, limit), 0, scale);
    }

    /// <summary>A tensor that shares another's grid.</summary>
    public static Tensor Shared(LoweredTensor tensor, Tensor source) => source with { Name = tensor.Name, Shape = tensor.Shape };

    /// <summary>A tensor on the scale of the joined one that it becomes a part of, narrowed to its own bounds.</summary>
    public static Tensor Part(LoweredTensor tensor, Tensor joined) => joined with
    {
        Name = tensor.Name,
        Shape = tensor.Shape,
        Lo = Math.Max(joined.Lo, Bound(tensor.RealLo, joined.Scale, joined.Lo)),
        Hi = Math.Min(joined.Hi, Bound(tensor.RealHi, joined.Scale, joined.Hi)),
    };

    private (int Lo, int Hi) Codes(LoweredTensor tensor)
    {
        int hi = tensor switch
        {
            { Bits: 16 } => short.MaxValue,
            { Unsigned: true, Bits: 8 } => options.Grids.UnsignedEightBitMaximum,
            { Unsigned: true } => (1 << tensor.Bits) - 1,
            _ => (1 << (tensor.Bits - 1)) - 1,
        };
        return (tensor.Unsigned ? 0 : -hi, hi);
    }

    private static int Bound(float real, float scale, int limit) =>
        float.IsInfinity(real) ? limit : (int)Math.Clamp(Math.Floor((real / (double)scale) + .5), Math.Min(limit, 0), Math.Max(limit, 0));
}

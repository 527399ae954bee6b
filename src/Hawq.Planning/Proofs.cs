using System.Globalization;
using Hawq.Model;

namespace Hawq.Planning;

/// <summary>The proofs of a step as sentences, for the remarks of its generated kernel.</summary>
internal static class Proofs
{
    public static EquatableArray<string> Of(TensorStorage input, LinearLayer layer, Epilogue epilogue, IEnumerable<KernelChoice> kernels)
    {
        WeightFacts facts = layer.Facts;
        ValueRange codes = EpiloguePlanner.Centred(input.Tensor);
        string accumulator =
            $"int32 accumulators stay in {Range(epilogue.Value)}: input codes {Range(codes)} relative to their zero point, "
            + $"weights per channel sum to at most {Number(facts.PositiveSum)} (positive) and {Number(facts.NegativeSum)} (negative), plus the bias.";
        Requantizer requantize = epilogue.Requantize!;
        string form = requantize.Form switch
        {
            RequantizeForm.HighHalf =>
                $"Requantize needs only the high half of the product: {Shifted(requantize)}, and c + {requantize.PreShift} lies in [{layer.Requantize.Min(d => d.Shift) + requantize.PreShift}, {layer.Requantize.Max(d => d.Shift) + requantize.PreShift}], at least 33.",
            RequantizeForm.Int32 =>
                $"Requantize fits in int32: multipliers divided by 2^{requantize.Dropped} are at most {Number(layer.Requantize.Max(d => d.Multiplier) >> requantize.Dropped)}, and the product with its rounding term stays below {Number(layer.Requantize.Max(d => (epilogue.Value.Magnitude * (d.Multiplier >> requantize.Dropped)) + (1L << (d.Shift - requantize.Dropped - 1))) + 1)}, at most 2^31. The rounding terms hold the bias, multiplied.",
            _ => "Requantize is computed in int64.",
        };
        string clamp = epilogue.Clamp.Needed
            ? $"Requantized values lie in {Range(requantize.Result)} before the clamp."
            : $"Requantized values lie in {Range(requantize.Result)}, inside [{Number(epilogue.Clamp.Lo)}, {Number(epilogue.Clamp.Hi)}]: no clamp.";
        return new[] { accumulator, form, clamp }.Concat(KernelProofs.Sentences(input, facts, kernels)).ToEquatableArray();

        string Shifted(Requantizer r) => r.PreShift == 0
            ? "every c is at least 33"
            : $"the accumulator times 2^{r.PreShift} stays below {Number(epilogue.Value.Magnitude << r.PreShift)}, less than 2^31";
    }

    internal static string Range(ValueRange range) => $"[{Number(range.Lo)}, {Number(range.Hi)}]";

    internal static string Number(long value) => value.ToString("#,0", Spaces);

    private static readonly NumberFormatInfo Spaces = new() { NumberGroupSeparator = " ", NumberGroupSizes = [3], NegativeSign = "-" };
}

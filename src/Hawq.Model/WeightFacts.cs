namespace Hawq.Model;

/// <summary>
/// Facts about the weights of one layer that decide which kernels are provably exact. The generator cannot open the sidecar (it
/// has no file access and Roslyn refuses binary additional files), so the quantizer writes them into the manifest, the build checks
/// the sidecar against the hash that they belong to, and <c>hawq verify</c> recomputes them.
/// </summary>
/// <param name="PositiveSum">max over output channels of the sum of the positive weights, S+.</param>
/// <param name="NegativeSum">min over output channels of the sum of the negative weights, S- (at most 0).</param>
/// <param name="AccumulatorLo">Smallest reachable int32 accumulator: min over channels of bias + lo*S+ + hi*S- (codes relative to
/// the zero point, zero included for padding).</param>
/// <param name="AccumulatorHi">Largest reachable int32 accumulator: max over channels of bias + hi*S+ + lo*S-.</param>
/// <param name="Windows">
/// Worst one-sided sums of int16 lanes, by window length, ascending; empty for a layer without a dot-product kernel (depthwise).
/// </param>
public sealed record WeightFacts(
    long PositiveSum, long NegativeSum, long AccumulatorLo, long AccumulatorHi, EquatableArray<LaneWindow> Windows)
{
    /// <summary>Largest magnitude of a reachable accumulator.</summary>
    public long LargestAccumulator => Math.Max(-AccumulatorLo, AccumulatorHi);
}

/// <summary>
/// What an int16 lane of the multiply-add-pairs kernels can sum up in a window of consecutive steps. A step is four consecutive
/// codes of a kernel row's run (kernel column by input channel, the run padded with zero weights to a multiple of four); a lane sees two
/// of the four, so an output channel has two lanes. Windows start at step 0 of every kernel row and follow one another; a window
/// does not reach over the end of the row, unless it is longer than the row: then it is a whole number of rows.
/// </summary>
/// <param name="Steps">Window length in steps; 1 is a single pair (the saturation bound of vpmaddubsw).</param>
/// <param name="Positive">max over lanes and windows of the sum of the positive weights.</param>
/// <param name="Negative">min over lanes and windows of the sum of the negative weights (at most 0).</param>
public readonly record struct LaneWindow(int Steps, int Positive, int Negative);

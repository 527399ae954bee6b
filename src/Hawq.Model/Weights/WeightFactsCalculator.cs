namespace Hawq.Model;

/// <summary>Computes <see cref="WeightFacts"/> from unpacked weights: the quantizer writes them, <c>hawq verify</c> recomputes them.</summary>
public static class WeightFactsCalculator
{
    /// <summary>The facts of a layer that is complete but for its facts.</summary>
    /// <param name="layer">The layer; its <see cref="LinearLayer.Facts"/> are not read.</param>
    /// <param name="codes">Its weights, in the order [output channel][kernel row][kernel column][input channel].</param>
    /// <param name="input">Its input tensor.</param>
    public static WeightFacts Compute(LinearLayer layer, sbyte[] codes, Tensor input) =>
        layer is ConvLayer conv
            ? Compute(conv.Weights, codes, conv.Bias, input, conv.Dilation.Width, conv.Groups)
            : Compute(layer.Weights, codes, layer.Bias, input);

    /// <summary>The facts of a convolution or fully connected layer.</summary>
    /// <param name="weights">Kernel size and channels.</param>
    /// <param name="codes">The weights, in the order [output channel][kernel row][kernel column][input channel].</param>
    /// <param name="bias">int32 per output channel.</param>
    /// <param name="input">Input tensor: the codes relative to its zero point bound the accumulators. Zero is among them, for padding too.</param>
    /// <param name="dilationWidth">Columns between taps.</param>
    /// <param name="groups">Channel groups.</param>
    /// <exception cref="ArgumentException">The number of codes or biases is not the weights'.</exception>
    public static WeightFacts Compute(
        WeightTensor weights, sbyte[] codes, EquatableArray<int> bias, Tensor input, int dilationWidth = 1, int groups = 1)
    {
        if (codes.Length != weights.Count || bias.Count != weights.OutputChannels)
        {
            throw new ArgumentException($"{weights.Count} weights and {weights.OutputChannels} biases are expected, not {codes.Length} and {bias.Count}.");
        }

        // The zero point lies in [lo, hi], so 0 is in this range; saying so again keeps the proof independent of that check.
        long lo = Math.Min(0, (long)input.Lo - input.ZeroPoint);
        long hi = Math.Max(0, (long)input.Hi - input.ZeroPoint);
        long maxPositive = 0;
        long minNegative = 0;
        long accumulatorLo = long.MaxValue;
        long accumulatorHi = long.MinValue;
        for (int o = 0; o < weights.OutputChannels; o++)
        {
            long positive = 0;
            long negative = 0;
            for (int i = o * weights.PerChannel; i < (o + 1) * weights.PerChannel; i++)
            {
                positive += Math.Max(codes[i], (sbyte)0);
                negative += Math.Min(codes[i], (sbyte)0);
            }

            maxPositive = Math.Max(maxPositive, positive);
            minNegative = Math.Min(minNegative, negative);
            accumulatorLo = Math.Min(accumulatorLo, bias[o] + (lo * positive) + (hi * negative));
            accumulatorHi = Math.Max(accumulatorHi, bias[o] + (hi * positive) + (lo * negative));
        }

        bool depthwise = groups > 1 && weights.InputChannels == 1;
        LaneWindow[] windows = depthwise ? [] : Windows(weights, codes, LaneGeometry.Of(weights, dilationWidth, groups));
        return new WeightFacts(maxPositive, minNegative, accumulatorLo, accumulatorHi, windows);
    }

    private static LaneWindow[] Windows(WeightTensor weights, sbyte[] codes, LaneGeometry geometry)
    {
        int[] lengths = geometry.WindowLengths();
        int[] positive = new int[lengths.Length];
        int[] negative = new int[lengths.Length];
        int[] positiveBefore = new int[geometry.Steps + 1]; // sums of the lane's first n steps
        int[] negativeBefore = new int[geometry.Steps + 1];
        for (int o = 0; o < weights.OutputChannels; o++)
        {
            for (int lane = 0; lane < 2; lane++)
            {
                SumLane(codes, o * weights.PerChannel, lane, geometry, positiveBefore, negativeBefore);
                for (int i = 0; i < lengths.Length; i++)
                {
                    // A window inside a row stops at the row's end; a longer one is a whole number of rows and stops at the last.
                    int stop = lengths[i] <= geometry.StepsPerRow ? geometry.StepsPerRow : geometry.Steps;
                    for (int block = 0; block < geometry.Steps; block += stop)
                    {
                        for (int start = block; start < block + stop; start += lengths[i])
                        {
                            int end = Math.Min(start + lengths[i], block + stop);
                            positive[i] = Math.Max(positive[i], positiveBefore[end] - positiveBefore[start]);
                            negative[i] = Math.Min(negative[i], negativeBefore[end] - negativeBefore[start]);
                        }
                    }
                }
            }
        }

        return lengths.Select((length, i) => new LaneWindow(length, positive[i], negative[i])).ToArray();
    }

    private static void SumLane(sbyte[] codes, int channelStart, int lane, LaneGeometry geometry, int[] positiveBefore, int[] negativeBefore)
    {
        int step = 0;
        for (int run = 0; run < geometry.Rows * geometry.RunsPerRow; run++)
        {
            int runStart = channelStart + (run * geometry.RunLength);
            for (int s = 0; s < geometry.StepsPerRun; s++, step++)
            {
                int positive = positiveBefore[step];
                int negative = negativeBefore[step];
                for (int k = 0; k < 2; k++)
                {
                    int inRun = (s * LaneGeometry.CodesPerStep) + (2 * lane) + k;
                    int code = inRun < geometry.RunLength ? codes[runStart + inRun] : 0;
                    positive += Math.Max(code, 0);
                    negative += Math.Min(code, 0);
                }

                positiveBefore[step + 1] = positive;
                negativeBefore[step + 1] = negative;
            }
        }
    }
}

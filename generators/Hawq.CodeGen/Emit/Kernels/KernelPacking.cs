namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>Helpers of the generated weights class that prepare packed weights for particular kernels; they run once, at load.</summary>
internal static class KernelPacking
{
    /// <summary>Source text, without indentation.</summary>
    public const string Text = """
        /// <summary>
        /// Makes every sum of <paramref name="window"/> steps fit in int16: what an int16 lane (a pair of codes) has too much of, for codes up
        /// to <paramref name="hi"/>, is moved from the packed weights into correction steps, which the kernel adds on their own. A block of
        /// corrections holds the number of steps, the input offset of each (rounded up to 64 bytes), then their weights, [step][16][4].
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void TakeCorrections(
            sbyte* packed, int blocks, int rows, int runsPerRow, int steps, int window, int hi, int rowBytes, int runBytes)
        {
            int limit = short.MaxValue / hi;
            int all = rows * runsPerRow * steps;
            int* corrections = (int*)(packed + (blocks * all * 64));
            int offsets = (all + 16) / 16 * 16;
            int* places = stackalloc int[window];
            for (int block = 0; block < blocks; block++, packed += all * 64, corrections += offsets + (all * 16))
            {
                sbyte* extra = (sbyte*)(corrections + offsets);
                corrections[0] = 0;
                for (int run = 0; run < rows * runsPerRow; run++)
                {
                    for (int start = 0; start < steps; start += window)
                    {
                        int length = global::System.Math.Min(window, steps - start);
                        sbyte* sums = packed + (((run * steps) + start) * 64);
                        for (int step = 0; step < length; step++)
                        {
                            places[step] = -1;
                        }

                        for (int lane = 0; lane < 64; lane += 2)
                        {
                            if ((lane & 15) == 0 && AllFit(sums + lane, length, limit))
                            {
                                lane += 14;
                                continue;
                            }

                            FitLane(sums + lane, length, limit, 1, places, corrections, extra, lane, run, start, runsPerRow, rowBytes, runBytes);
                            FitLane(sums + lane, length, limit, -1, places, corrections, extra, lane, run, start, runsPerRow, rowBytes, runBytes);
                        }
                    }
                }
            }
        }

        /// <summary>Whether the one-sided sums of eight neighbouring lanes of a window all fit: nearly all do.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static bool AllFit(sbyte* weights, int length, int limit)
        {
            Vector128<short> positive = default, negative = default;
            for (int step = 0; step < length; step++)
            {
                Vector128<short> pairs = Vector128.Load((short*)(weights + (step * 64)));
                Vector128<short> even = (pairs << 8) >> 8, odd = pairs >> 8;
                positive += Vector128.Max(even, Vector128<short>.Zero) + Vector128.Max(odd, Vector128<short>.Zero);
                negative += Vector128.Min(even, Vector128<short>.Zero) + Vector128.Min(odd, Vector128<short>.Zero);
            }

            short most = (short)global::System.Math.Min(limit, short.MaxValue);
            return !Vector128.GreaterThanAny(positive, Vector128.Create(most)) && !Vector128.LessThanAny(negative, Vector128.Create((short)-most));
        }

        /// <summary>One lane of one window, one sign: takes from the largest weights, from steps that are already corrected where there are any.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void FitLane(
            sbyte* weights, int length, int limit, int sign, int* places, int* corrections, sbyte* corrected, int lane, int run, int start, int runsPerRow, int rowBytes, int runBytes)
        {
            int sum = 0;
            for (int step = 0; step < length; step++)
            {
                sum += global::System.Math.Max(0, sign * weights[step * 64]) + global::System.Math.Max(0, sign * weights[(step * 64) + 1]);
            }

            while (sum > limit)
            {
                int best = 0;
                int bestWeight = -1;
                for (int step = 0; step < length; step++)
                {
                    for (int code = 0; code < 2; code++)
                    {
                        int weight = sign * weights[(step * 64) + code];
                        if (weight > 0 && weight + (places[step] < 0 ? 0 : 256) > bestWeight)
                        {
                            bestWeight = weight + (places[step] < 0 ? 0 : 256);
                            best = (step * 64) + code;
                        }
                    }
                }

                int place = places[best / 64];
                if (place < 0)
                {
                    place = corrections[0]++;
                    places[best / 64] = place;
                    corrections[1 + place] = (run / runsPerRow * rowBytes) + (run % runsPerRow * runBytes) + ((start + (best / 64)) * 4);
                    for (int i = 0; i < 64; i++)
                    {
                        corrected[(place * 64) + i] = 0;
                    }

                }

                int taken = global::System.Math.Min(sum - limit, bestWeight & 255);
                weights[best] -= (sbyte)(sign * taken);
                corrected[(place * 64) + lane + (best % 64)] += (sbyte)(sign * taken);
                sum -= taken;
            }
        }

        // Every step of sixteen output channels, [16][4] bytes, as int16: first all even codes' weights, [16][2], then the odd ones'. In place, so from the end.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void WidenWeights(sbyte* packed, int steps)
        {
            for (int step = steps - 1; step >= 0; step--)
            {
                short* pairs = (short*)(packed + (step * 64));
                Vector128<short> a = Vector128.Load(pairs), b = Vector128.Load(pairs + 8), c = Vector128.Load(pairs + 16), d = Vector128.Load(pairs + 24);
                short* wide = (short*)(packed + (step * 128));
                ((a << 8) >> 8).Store(wide);
                ((b << 8) >> 8).Store(wide + 8);
                ((c << 8) >> 8).Store(wide + 16);
                ((d << 8) >> 8).Store(wide + 24);
                (a >> 8).Store(wide + 32);
                (b >> 8).Store(wide + 40);
                (c >> 8).Store(wide + 48);
                (d >> 8).Store(wide + 56);
            }
        }

        // Depthwise: [block of 16 channels][pair of kernel rows][kernel column][16][2], int16; what sticks out is zero.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void PairedRows(sbyte* codes, int channels, int perChannel, int rows, int columns, short* target)
        {
            unchecked
            {
                for (int first = 0; first < channels; first += 16)
                {
                    for (int row = 0; row < rows; row += 2)
                    {
                        for (int column = 0; column < columns; column++)
                        {
                            for (int o = first; o < first + 16; o++)
                            {
                                sbyte* channel = codes + ((long)o * perChannel);
                                *target++ = o < channels ? channel[(row * columns) + column] : (short)0;
                                *target++ = o < channels && row + 1 < rows ? channel[((row + 1) * columns) + column] : (short)0;
                            }
                        }
                    }
                }
            }
        }

        // Winograd, sixteen output channels: [pair of input channels][tap][16][2]. Input channels beyond the last are zeros.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void WinogradTaps(sbyte* codes, int perChannel, int inputs, int padded, sbyte* target)
        {
            unchecked
            {
                for (int k = 0; k < padded; k += 2)
                {
                    for (int tap = 0; tap < 9; tap++)
                    {
                        for (int o = 0; o < 16; o++, target += 2)
                        {
                            *(short*)target = k < inputs ? *(short*)(codes + (o * perChannel) + (tap * inputs) + k) : (short)0;
                        }
                    }
                }
            }
        }

        /// <summary>SSE4.1 has no shift by lane: it multiplies by 2^(31 - shift) instead. Arm has one.</summary>
        private static void ShiftsToMultipliers(int* shifts, int count)
        {
            if (global::System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported)
            {
                return;
            }

            for (int i = 0; i < count; i++)
            {
                shifts[i] = 1 << (31 - shifts[i]);
            }
        }
        """;

    /// <summary>Source text of what only Winograd kernels of stride 2 need.</summary>
    public const string WinogradPhases = """
        // Winograd of a kernel of stride 2, sixteen output channels: G w G^T as [position][pair of channels][16][2], where a channel is [row phase][column phase][input
        // channel]: tap i of phase p is row 2 i + p of the kernel, or zero behind its last row.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void WinogradPhases(sbyte* codes, int perChannel, int inputs, int kernel, short* target, int stride)
        {
            unchecked
            {
                global::System.ReadOnlySpan<sbyte> g = [6, 0, 0, 0, 4, 4, 4, 4, 4, -4, 4, -4, 1, 2, 4, 8, 1, -2, 4, -8, 0, 0, 0, 12];
                int* columns = stackalloc int[24];
                for (int i = 0; i < 4 * inputs * 16; i++)
                {
                    int channel = i / 16;
                    sbyte* taps = codes + i % 16 * perChannel + channel % inputs;
                    int top = channel / (2 * inputs);
                    int left = channel / inputs % 2;
                    for (int position = 0; position < 24; position++)
                    {
                        columns[position] = 0;
                        for (int tap = 0; tap < 4 && 2 * tap + top < kernel && position % 4 * 2 + left < kernel; tap++)
                        {
                            columns[position] += g[position / 4 * 4 + tap] * taps[((2 * tap + top) * kernel + position % 4 * 2 + left) * inputs];
                        }
                    }

                    for (int position = 0; position < 36; position++)
                    {
                        int* row = columns + position / 6 * 4;
                        int weight = position % 6 * 4;
                        target[position * stride + channel / 2 * 32 + i % 16 * 2 + channel % 2] =
                            (short)(row[0] * g[weight] + row[1] * g[weight + 1] + row[2] * g[weight + 2] + row[3] * g[weight + 3]);
                    }
                }
            }
        }
        """;
}

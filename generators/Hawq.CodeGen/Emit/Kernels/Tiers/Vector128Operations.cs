using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels.Tiers;

/// <summary>
/// 16-byte vectors: SSE4.1 of x64 (what NativeAOT compiles for unless told otherwise) and AdvSimd of Arm64, with sdot where the machine has it. Sixteen output
/// channels are four vectors. One text serves both: the operations ask the machine, and the JIT folds the question.
/// </summary>
internal static class Vector128Operations
{
    /// <summary>The tier.</summary>
    public static VectorTier Tier { get; } = new(
        InstructionSet.Vector128, "V128", "Vector128", 16, "V128.IsSupported", "16-byte vectors", Text);

    private const string Text = """
        /// <summary>The 16-byte vector operations of the kernels (SSE4.1 on x64, AdvSimd on Arm64): sixteen output channels are four vectors.</summary>
        private static class V128
        {
            private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

            /// <summary>Whether the machine has what the operations need.</summary>
            public static bool IsSupported
            {
                [MethodImpl(Inline)]
                get => Sse41.IsSupported || AdvSimd.Arm64.IsSupported;
            }

            /// <summary>Four codes, repeated for every output channel.</summary>
            [MethodImpl(Inline)]
            public static Vector128<byte> Codes(byte* x) => Vector128.Create(*(int*)x).AsByte();

            /// <summary>pmaddubsw: code * weight, summed in pairs into int16 lanes; the sums are proven to fit.</summary>
            [MethodImpl(Inline)]
            public static Vector128<short> Products(Vector128<byte> codes, Vector128<sbyte> weights)
            {
                if (Ssse3.IsSupported)
                {
                    return Ssse3.MultiplyAddAdjacent(codes, weights);
                }

                Vector128<short> even = (codes.AsInt16() & Vector128.Create((short)255)) * ((weights.AsInt16() << 8) >> 8);
                return even + ((codes.AsUInt16() >>> 8).AsInt16() * (weights.AsInt16() >> 8));
            }

            /// <summary>pmaddwd by one: neighbouring int16 lanes summed into int32 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector128<int> Widen(Vector128<short> sums) =>
                Sse2.IsSupported ? Sse2.MultiplyAddAdjacent(sums, Vector128.Create((short)1)) : AdvSimd.AddPairwiseWidening(sums);

            /// <summary>Adds to sums in memory.</summary>
            [MethodImpl(Inline)]
            public static void AddTo(int* sums, Vector128<int> value) => (Vector128.Load(sums) + value).Store(sums);

            /// <summary>Adds four products of code, at most 127, and weight per lane: sdot where the machine has it.</summary>
            [MethodImpl(Inline)]
            public static Vector128<int> Accumulate(Vector128<int> acc, Vector128<byte> codes, Vector128<sbyte> weights) =>
                Dp.IsSupported ? Dp.DotProduct(acc, codes.AsSByte(), weights) : acc + Widen(Products(codes, weights));

            /// <summary>Two steps of four products per lane; their sum is proven to fit in int16, so one widening serves both.</summary>
            [MethodImpl(Inline)]
            public static Vector128<int> Accumulate(Vector128<int> acc, Vector128<byte> codes, Vector128<sbyte> weights, Vector128<byte> codes2, Vector128<sbyte> weights2) =>
                Dp.IsSupported ? Accumulate(Accumulate(acc, codes, weights), codes2, weights2) : acc + Widen(Products(codes, weights) + Products(codes2, weights2));

            /// <summary>Four codes times four weights per lane by int16 products: exact for all codes and weights.</summary>
            [MethodImpl(Inline)]
            public static Vector128<int> WideProducts(Vector128<byte> codes, Vector128<short> even, Vector128<short> odd) =>
                WideProducts(codes, even) + PairProducts((codes.AsUInt16() >>> 8).AsInt16(), odd);

            /// <summary>Only the even codes: the others' weights are zero.</summary>
            [MethodImpl(Inline)]
            public static Vector128<int> WideProducts(Vector128<byte> codes, Vector128<short> even) =>
                PairProducts((codes.AsUInt16() & Vector128.Create((ushort)255)).AsInt16(), even);

            /// <summary>Codes of two kernel rows side by side: the first in the low, the second in the high half of every channel's lane.</summary>
            [MethodImpl(Inline)]
            public static Vector128<short> PairedBytes(byte* first, byte* second) => (LoadBytes(first) | (LoadBytes(second) << 16)).AsInt16();

            /// <summary>Loads bytes as int16 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector128<short> LoadCodes(byte* x) =>
                Sse41.IsSupported ? Sse41.ConvertToVector128Int16(x) : Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)x).AsByte()).AsInt16();

            /// <summary>Loads weights as int16 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector128<short> LoadWeights(sbyte* w) =>
                Sse41.IsSupported ? Sse41.ConvertToVector128Int16(w) : Vector128.WidenLower(Vector128.CreateScalar(*(long*)w).AsSByte());

            /// <summary>Both products of a lane, added.</summary>
            [MethodImpl(Inline)]
            public static Vector128<int> PairProducts(Vector128<short> codes, Vector128<short> weights) => Sse2.IsSupported
                ? Sse2.MultiplyAddAdjacent(codes, weights)
                : AdvSimd.Arm64.AddPairwise(AdvSimd.MultiplyWideningLower(codes.GetLower(), weights.GetLower()), AdvSimd.MultiplyWideningUpper(codes, weights));

            /// <summary>(acc * b + 2^(c-1)) >> c per channel, for c of at least 33: the high halves of the products, then int32. The table holds n each of bias, b, odd b, rounding term, final shift.</summary>
            [MethodImpl(Inline)]
            public static Vector128<int> Requantize(Vector128<int> acc, int* table, int n)
            {
                Vector128<int> value = HighHalf(acc, Vector128.Load(table + n), Vector128.Load(table + 2 * n)) + Vector128.Load(table + 3 * n);
                return ShiftByLane(value, table + 4 * n);
            }

            /// <summary>The same for multipliers whose product with any accumulator fits in int32: the table holds n each of b twice, b, (nothing), bias times b and rounding term, shift.</summary>
            [MethodImpl(Inline)]
            public static Vector128<int> RequantizeInt32(Vector128<int> acc, int* table, int n) =>
                ShiftByLane(acc * Vector128.Load(table + n) + Vector128.Load(table + 3 * n), table + 4 * n);

            [MethodImpl(Inline)]
            private static Vector128<int> ShiftByLane(Vector128<int> value, int* shifts)
            {
                Vector128<int> shift = Vector128.Load(shifts);
                return AdvSimd.IsSupported ? AdvSimd.ShiftArithmetic(value, -shift) : Shift(value, shift, Vector128.Load(shifts + 1));
            }

            /// <summary>The same with one multiplier for all channels: scalars are b, 2^(c-33) and c-32.</summary>
            [MethodImpl(Inline)]
            public static Vector128<int> Rescale(Vector128<int> value, int* scalars)
            {
                Vector128<int> b = Vector128.Create(scalars[0]);
                return (HighHalf(value, b, b) + Vector128.Create(scalars[1])) >> scalars[2];
            }

            /// <summary>Narrows sixteen channels to bytes; saturates to [0, 255].</summary>
            [MethodImpl(Inline)]
            public static Vector128<byte> Bytes(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d) => Bytes(Shorts(a, b), Shorts(c, d));

            /// <summary>Narrows int16 lanes to bytes; saturates to [0, 255].</summary>
            [MethodImpl(Inline)]
            public static Vector128<byte> Bytes(Vector128<short> a, Vector128<short> b) => Sse2.IsSupported
                ? Sse2.PackUnsignedSaturate(a, b)
                : AdvSimd.ExtractNarrowingSaturateUnsignedUpper(AdvSimd.ExtractNarrowingSaturateUnsignedLower(a), b);

            /// <summary>Narrows eight channels to int16; saturates.</summary>
            [MethodImpl(Inline)]
            public static Vector128<short> Shorts(Vector128<int> a, Vector128<int> b) => Sse2.IsSupported
                ? Sse2.PackSignedSaturate(a, b)
                : AdvSimd.ExtractNarrowingSaturateUpper(AdvSimd.ExtractNarrowingSaturateLower(a), b);

            /// <summary>Adds int16 lanes; saturates.</summary>
            [MethodImpl(Inline)]
            public static Vector128<short> AddSaturated(Vector128<short> a, Vector128<short> b) =>
                Sse2.IsSupported ? Sse2.AddSaturate(a, b) : AdvSimd.AddSaturate(a, b);

            /// <summary>Rescale with the upper 16 bits of b, in int16 lanes: proven equal for the multiplier and its clamp. Scalars are those bits, 2^(c-33) and c-32.</summary>
            [MethodImpl(Inline)]
            public static Vector128<short> Rescale(Vector128<short> value, int* scalars) =>
                (MultiplyHigh(value, Vector128.Create(*(short*)scalars)) + Vector128.Create(*(short*)(scalars + 1))) >> scalars[2];

            /// <summary>Rescale of int16 lanes with both halves of b = h * 2^16 + l, exact for all values. Scalars are b, 2^(c-17), c-16 and h beside a one.</summary>
            [MethodImpl(Inline)]
            public static Vector128<short> RescaleSplit(Vector128<short> value, int* scalars)
            {
                Vector128<short> lower = MultiplyHigh(value, Vector128.Create(*(short*)scalars)), upper = Vector128.Create(scalars[3]).AsInt16();
                Vector128<int> a = PairProducts(ZipLower(value, lower), upper) + Vector128.Create(scalars[1]);
                Vector128<int> b = PairProducts(ZipUpper(value, lower), upper) + Vector128.Create(scalars[1]);
                return Shorts(a >> scalars[2], b >> scalars[2]);
            }

            /// <summary>Loads int16 lanes as int32.</summary>
            [MethodImpl(Inline)]
            public static Vector128<int> LoadShorts(byte* x) =>
                Sse41.IsSupported ? Sse41.ConvertToVector128Int32((short*)x) : Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)x).AsInt16());

            /// <summary>Loads bytes as int32 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector128<int> LoadBytes(byte* x) => Sse41.IsSupported
                ? Sse41.ConvertToVector128Int32(x)
                : Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(*(uint*)x).AsByte())).AsInt32();

            /// <summary>Brings a cache line into the second-level cache.</summary>
            [MethodImpl(Inline)]
            public static void Prefetch(void* line)
            {
                if (Sse.IsSupported)
                {
                    Sse.Prefetch1(line);
                }
            }

            // Arm doubles the product; only -2^15 times itself saturates, which no multiplier here is.
            [MethodImpl(Inline)]
            private static Vector128<short> MultiplyHigh(Vector128<short> a, Vector128<short> b) =>
                Sse2.IsSupported ? Sse2.MultiplyHigh(a, b) : AdvSimd.MultiplyDoublingSaturateHigh(a, b) >> 1;

            [MethodImpl(Inline)]
            private static Vector128<short> ZipLower(Vector128<short> a, Vector128<short> b) => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

            [MethodImpl(Inline)]
            private static Vector128<short> ZipUpper(Vector128<short> a, Vector128<short> b) => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

            // The odd channels' multipliers stand at the even places of next, where x64 multiplies.
            [MethodImpl(Inline)]
            private static Vector128<int> HighHalf(Vector128<int> value, Vector128<int> b, Vector128<int> next)
            {
                if (AdvSimd.Arm64.IsSupported)
                {
                    return AdvSimd.Arm64.UnzipOdd(
                        AdvSimd.MultiplyWideningLower(value.GetLower(), b.GetLower()).AsInt32(), AdvSimd.MultiplyWideningUpper(value, b).AsInt32());
                }

                Vector128<int> even = (Sse41.Multiply(value, b).AsUInt64() >>> 32).AsInt32();
                Vector128<int> odd = Sse41.Multiply((value.AsUInt64() >>> 32).AsInt32(), next).AsInt32();
                return Sse41.Blend(even.AsInt16(), odd.AsInt16(), 0xCC).AsInt32();
            }

            // x64 has no shift by lane before AVX2: value >> s is the high half of value * 2^(31-s) * 2, for s from 1 to 31.
            [MethodImpl(Inline)]
            private static Vector128<int> Shift(Vector128<int> value, Vector128<int> shift, Vector128<int> next)
            {
                Vector128<int> even = (Sse41.Multiply(value, shift).AsUInt64() >>> 31).AsInt32();
                Vector128<int> odd = (Sse41.Multiply((value.AsUInt64() >>> 32).AsInt32(), next).AsUInt64() << 1).AsInt32();
                return Sse41.Blend(even.AsInt16(), odd.AsInt16(), 0xCC).AsInt32();
            }
        }
        """;
}

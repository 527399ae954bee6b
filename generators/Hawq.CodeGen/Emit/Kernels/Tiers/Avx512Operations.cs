using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels.Tiers;

/// <summary>64-byte vectors. Sixteen output channels are one vector.</summary>
internal static class Avx512Operations
{
    /// <summary>The tier.</summary>
    public static VectorTier Tier { get; } = new(
        InstructionSet.Avx512, "V512", "Vector512", 64, "Avx512BW.IsSupported", "AVX-512BW, 64-byte vectors", Text);

    private const string Text = """
        /// <summary>The 64-byte vector operations of the kernels (AVX-512BW): sixteen output channels are one vector.</summary>
        private static class V512
        {
            private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

            /// <summary>Four codes, repeated for every output channel.</summary>
            [MethodImpl(Inline)]
            public static Vector512<byte> Codes(byte* x) => Vector512.Create(*(int*)x).AsByte();

            /// <summary>vpmaddubsw: code * weight, summed in pairs into int16 lanes, with saturation (proven not to happen).</summary>
            [MethodImpl(Inline)]
            public static Vector512<short> Products(Vector512<byte> codes, Vector512<sbyte> weights) => Avx512BW.MultiplyAddAdjacent(codes, weights);

            /// <summary>vpmaddwd by one: neighbouring int16 lanes summed into int32 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector512<int> Widen(Vector512<short> sums) => Avx512BW.MultiplyAddAdjacent(sums, Vector512.Create((short)1));

            /// <summary>Adds to sums in memory.</summary>
            [MethodImpl(Inline)]
            public static void AddTo(int* sums, Vector512<int> value) => (Vector512.Load(sums) + value).Store(sums);

            /// <summary>vpmaddwd by a pair of multipliers: neighbouring int16 lanes summed into int32 lanes and multiplied.</summary>
            [MethodImpl(Inline)]
            public static Vector512<int> Widen(Vector512<short> sums, Vector512<short> multipliers) => Avx512BW.MultiplyAddAdjacent(sums, multipliers);

            /// <summary>Adds four products of code and weight per lane; pairs are proven not to saturate.</summary>
            [MethodImpl(Inline)]
            public static Vector512<int> Accumulate(Vector512<int> acc, Vector512<byte> codes, Vector512<sbyte> weights) => acc + Widen(Products(codes, weights));

            /// <summary>Two steps of four products per lane; their sum is proven to fit in int16, so one widening serves both.</summary>
            [MethodImpl(Inline)]
            public static Vector512<int> Accumulate(Vector512<int> acc, Vector512<byte> codes, Vector512<sbyte> weights, Vector512<byte> codes2, Vector512<sbyte> weights2) =>
                acc + Widen(Products(codes, weights) + Products(codes2, weights2));

            /// <summary>Codes 0 and 2 of every channel as int16 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector512<short> Even(Vector512<byte> codes) => (codes.AsUInt16() & Vector512.Create((ushort)255)).AsInt16();

            /// <summary>Codes 1 and 3.</summary>
            [MethodImpl(Inline)]
            public static Vector512<short> Odd(Vector512<byte> codes) => (codes.AsUInt16() >>> 8).AsInt16();

            /// <summary>Codes of two kernel rows side by side: the first in the low, the second in the high half of every channel's lane.</summary>
            [MethodImpl(Inline)]
            public static Vector512<short> PairedBytes(byte* first, byte* second) => (LoadBytes(first) | (LoadBytes(second) << 16)).AsInt16();

            /// <summary>Loads bytes as int16 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector512<short> LoadCodes(byte* x) => Avx512BW.ConvertToVector512Int16(Vector256.Load(x));

            /// <summary>Loads weights as int16 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector512<short> LoadWeights(sbyte* w) => Avx512BW.ConvertToVector512Int16(Vector256.Load(w));

            /// <summary>Both products of a lane, added.</summary>
            [MethodImpl(Inline)]
            public static Vector512<int> PairProducts(Vector512<short> codes, Vector512<short> weights) => Avx512BW.MultiplyAddAdjacent(codes, weights);

            /// <summary>(acc * b + 2^(c-1)) >> c per channel, for c of at least 33: the high halves of the products, then int32. The table holds n each of bias, b, odd b, rounding term, final shift.</summary>
            [MethodImpl(Inline)]
            public static Vector512<int> Requantize(Vector512<int> acc, int* table, int n)
            {
                Vector512<int> even = Avx512F.Multiply(acc, Vector512.Load(table + n)).AsInt32();
                Vector512<int> oddProducts = Avx512F.Multiply((acc.AsUInt64() >>> 32).AsInt32(), Vector512.Load(table + 2 * n)).AsInt32();
                Vector512<int> high = Avx512F.PermuteVar16x32x2(even, Vector512.Create(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31), oddProducts);
                return Shift(high + Vector512.Load(table + 3 * n), table, n);
            }

            /// <summary>The same for multipliers whose product with any accumulator fits in int32: the table holds n each of b twice, b, (nothing), bias times b and rounding term, shift.</summary>
            [MethodImpl(Inline)]
            public static Vector512<int> RequantizeInt32(Vector512<int> acc, int* table, int n) => Shift(acc * Vector512.Load(table + n) + Vector512.Load(table + 3 * n), table, n);

            /// <summary>The last step of both: the channel's own shift.</summary>
            [MethodImpl(Inline)]
            public static Vector512<int> Shift(Vector512<int> value, int* table, int n) => Avx512F.ShiftRightArithmeticVariable(value, Vector512.Load(table + 4 * n).AsUInt32());

            /// <summary>The same with one multiplier for all channels: scalars are b, 2^(c-33) and c-32.</summary>
            [MethodImpl(Inline)]
            public static Vector512<int> Rescale(Vector512<int> value, int* scalars)
            {
                Vector512<int> b = Vector512.Create(scalars[0]);
                Vector512<int> even = Avx512F.Multiply(value, b).AsInt32();
                Vector512<int> oddProducts = Avx512F.Multiply((value.AsUInt64() >>> 32).AsInt32(), b).AsInt32();
                Vector512<int> high = Avx512F.PermuteVar16x32x2(even, Vector512.Create(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31), oddProducts);
                return Avx512F.ShiftRightArithmeticVariable(high + Vector512.Create(scalars[1]), Vector512.Create(scalars[2]).AsUInt32());
            }

            /// <summary>Narrows sixteen channels to bytes; saturates to [0, 255].</summary>
            [MethodImpl(Inline)]
            public static Vector128<byte> Bytes(Vector512<int> a) =>
                Avx512F.ConvertToVector128ByteWithSaturation(Vector512.Max(a, Vector512<int>.Zero).AsUInt32());

            /// <summary>Narrows thirty-two channels to bytes; saturates to [0, 255], by way of int16.</summary>
            [MethodImpl(Inline)]
            public static Vector256<byte> Bytes(Vector512<int> a, Vector512<int> b)
            {
                Vector512<short> shorts = Avx512BW.PackSignedSaturate(a, b);
                return Avx512F.PermuteVar16x32(Avx512BW.PackUnsignedSaturate(shorts, shorts).AsInt32(), Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 0, 4, 8, 12, 1, 5, 9, 13)).GetLower().AsByte();
            }

            /// <summary>Narrows thirty-two channels to int16; saturates.</summary>
            [MethodImpl(Inline)]
            public static Vector512<short> Shorts(Vector512<int> a, Vector512<int> b) =>
                Avx512F.PermuteVar8x64(Avx512BW.PackSignedSaturate(a, b).AsInt64(), Vector512.Create(0L, 2, 4, 6, 1, 3, 5, 7)).AsInt16();

            /// <summary>Narrows sixteen channels to int16; saturates.</summary>
            [MethodImpl(Inline)]
            public static Vector256<short> Shorts(Vector512<int> a) => Avx512F.ConvertToVector256Int16WithSaturation(a);

            /// <summary>Adds int16 lanes; saturates.</summary>
            [MethodImpl(Inline)]
            public static Vector512<short> AddSaturated(Vector512<short> a, Vector512<short> b) => Avx512BW.AddSaturate(a, b);

            /// <summary>Adds int16 lanes; saturates.</summary>
            [MethodImpl(Inline)]
            public static Vector256<short> AddSaturated(Vector256<short> a, Vector256<short> b) => Avx2.AddSaturate(a, b);

            /// <summary>Rescale with the upper 16 bits of b, in int16 lanes: proven equal for the multiplier and its clamp. Scalars are those bits, 2^(c-33) and c-32.</summary>
            [MethodImpl(Inline)]
            public static Vector512<short> Rescale(Vector512<short> value, int* scalars) => Avx512BW.ShiftRightArithmetic(
                Avx512BW.MultiplyHigh(value, Vector512.Create(*(short*)scalars)) + Vector512.Create(*(short*)(scalars + 1)), Vector128.CreateScalar(scalars[2]).AsInt16());

            /// <summary>The same for sixteen channels.</summary>
            [MethodImpl(Inline)]
            public static Vector256<short> Rescale(Vector256<short> value, int* scalars) => Avx2.ShiftRightArithmetic(
                Avx2.MultiplyHigh(value, Vector256.Create(*(short*)scalars)) + Vector256.Create(*(short*)(scalars + 1)), Vector128.CreateScalar(scalars[2]).AsInt16());

            /// <summary>Rescale of int16 lanes with both halves of b = h * 2^16 + l, exact for all values. Scalars are b, 2^(c-17), c-16 and h beside a one.</summary>
            [MethodImpl(Inline)]
            public static Vector512<short> RescaleSplit(Vector512<short> value, int* scalars)
            {
                Vector512<short> lower = Avx512BW.MultiplyHigh(value, Vector512.Create(*(short*)scalars)), upper = Vector512.Create(scalars[3]).AsInt16();
                Vector512<int> a = PairProducts(Avx512BW.UnpackLow(value, lower), upper) + Vector512.Create(scalars[1]);
                Vector512<int> b = PairProducts(Avx512BW.UnpackHigh(value, lower), upper) + Vector512.Create(scalars[1]);
                Vector128<int> shift = Vector128.CreateScalar(scalars[2]);
                return Avx512BW.PackSignedSaturate(Avx512F.ShiftRightArithmetic(a, shift), Avx512F.ShiftRightArithmetic(b, shift));
            }

            /// <summary>The same for sixteen channels.</summary>
            [MethodImpl(Inline)]
            public static Vector256<short> RescaleSplit(Vector256<short> value, int* scalars)
            {
                Vector256<short> lower = Avx2.MultiplyHigh(value, Vector256.Create(*(short*)scalars)), upper = Vector256.Create(scalars[3]).AsInt16();
                Vector256<int> a = Avx2.MultiplyAddAdjacent(Avx2.UnpackLow(value, lower), upper) + Vector256.Create(scalars[1]);
                Vector256<int> b = Avx2.MultiplyAddAdjacent(Avx2.UnpackHigh(value, lower), upper) + Vector256.Create(scalars[1]);
                Vector128<int> shift = Vector128.CreateScalar(scalars[2]);
                return Avx2.PackSignedSaturate(Avx2.ShiftRightArithmetic(a, shift), Avx2.ShiftRightArithmetic(b, shift));
            }

            /// <summary>Narrows int16 lanes to bytes; saturates to [0, 255].</summary>
            [MethodImpl(Inline)]
            public static Vector256<byte> Bytes(Vector512<short> a) =>
                Avx512F.PermuteVar8x64(Avx512BW.PackUnsignedSaturate(a, a).AsInt64(), Vector512.Create(0L, 2, 4, 6, 0, 2, 4, 6)).GetLower().AsByte();

            /// <summary>Narrows int16 lanes to bytes; saturates to [0, 255].</summary>
            [MethodImpl(Inline)]
            public static Vector128<byte> Bytes(Vector256<short> a) => Sse2.PackUnsignedSaturate(a.GetLower(), a.GetUpper());

            /// <summary>Brings a cache line into the second-level cache.</summary>
            [MethodImpl(Inline)]
            public static void Prefetch(void* line) => Sse.Prefetch1(line);

            /// <summary>The same for a line of each of so many pixels.</summary>
            [MethodImpl(Inline)]
            public static void Prefetch(byte* first, int pixelStride, int pixels)
            {
                for (int i = 0; i < pixels; i++)
                {
                    Sse.Prefetch1(first + i * pixelStride);
                }
            }

            /// <summary>Loads int16 lanes as int32.</summary>
            [MethodImpl(Inline)]
            public static Vector512<int> LoadShorts(byte* x) => Avx512F.ConvertToVector512Int32(Vector256.Load((short*)x));

            /// <summary>Loads bytes as int32 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector512<int> LoadBytes(byte* x) => Avx512F.ConvertToVector512Int32(Vector128.Load(x));
        }
        """;
}

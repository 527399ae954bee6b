using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels.Tiers;

/// <summary>32-byte vectors. Sixteen output channels are two vectors.</summary>
internal static class Avx2Operations
{
    /// <summary>AVX2 alone.</summary>
    public static VectorTier Tier { get; } = new(
        InstructionSet.Avx2, "V256", "Vector256", 32, "Avx2.IsSupported", "AVX2, 32-byte vectors", Text);

    /// <summary>With vpdpbusd.</summary>
    public static VectorTier VnniTier { get; } = Tier with
    {
        Set = InstructionSet.AvxVnni,
        Condition = "AvxVnni.IsSupported",
        Title = "AVX-VNNI, 32-byte vectors",
    };

    private const string Text = """
        /// <summary>The 32-byte vector operations of the kernels (AVX2, and vpdpbusd of AVX-VNNI): sixteen output channels are two vectors.</summary>
        private static class V256
        {
            private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

            /// <summary>Four codes, repeated for every output channel.</summary>
            [MethodImpl(Inline)]
            public static Vector256<byte> Codes(byte* x) => Vector256.Create(*(int*)x).AsByte();

            /// <summary>vpdpbusd: adds four products of code and weight per lane.</summary>
            [MethodImpl(Inline)]
            public static Vector256<int> Dot(Vector256<int> acc, Vector256<byte> codes, Vector256<sbyte> weights) =>
                AvxVnni.MultiplyWideningAndAdd(acc, codes, weights);

            /// <summary>vpmaddubsw: code * weight, summed in pairs into int16 lanes, with saturation (proven not to happen).</summary>
            [MethodImpl(Inline)]
            public static Vector256<short> Products(Vector256<byte> codes, Vector256<sbyte> weights) => Avx2.MultiplyAddAdjacent(codes, weights);

            /// <summary>vpmaddwd by one: neighbouring int16 lanes summed into int32 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector256<int> Widen(Vector256<short> sums) => Avx2.MultiplyAddAdjacent(sums, Vector256.Create((short)1));

            /// <summary>Adds to sums in memory.</summary>
            [MethodImpl(Inline)]
            public static void AddTo(int* sums, Vector256<int> value) => (Vector256.Load(sums) + value).Store(sums);

            /// <summary>Adds four products of code and weight per lane: vpdpbusd where the machine has it; else pairs must be proven not to saturate.</summary>
            [MethodImpl(Inline)]
            public static Vector256<int> Accumulate(Vector256<int> acc, Vector256<byte> codes, Vector256<sbyte> weights) =>
                AvxVnni.IsSupported ? Dot(acc, codes, weights) : acc + Widen(Products(codes, weights));

            /// <summary>Adds products to sums of pairs in int16 lanes, or to int32 lanes by vpdpbusd where the machine has it.</summary>
            [MethodImpl(Inline)]
            public static Vector256<int> AddPairs(Vector256<int> sums, Vector256<byte> codes, Vector256<sbyte> weights) =>
                AvxVnni.IsSupported ? Dot(sums, codes, weights) : (sums.AsInt16() + Products(codes, weights)).AsInt32();

            /// <summary>The sums of <see cref="AddPairs"/> as int32 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector256<int> WidenPairs(Vector256<int> sums) => AvxVnni.IsSupported ? sums : Widen(sums.AsInt16());

            /// <summary>Two steps of four products per lane; their sum is proven to fit in int16, so one widening serves both.</summary>
            [MethodImpl(Inline)]
            public static Vector256<int> Accumulate(Vector256<int> acc, Vector256<byte> codes, Vector256<sbyte> weights, Vector256<byte> codes2, Vector256<sbyte> weights2) =>
                AvxVnni.IsSupported ? Dot(Dot(acc, codes, weights), codes2, weights2) : acc + Widen(Products(codes, weights) + Products(codes2, weights2));

            /// <summary>Four codes times four weights per lane by int16 products: exact for all codes and weights.</summary>
            [MethodImpl(Inline)]
            public static Vector256<int> WideProducts(Vector256<byte> codes, Vector256<short> even, Vector256<short> odd) =>
                WideProducts(codes, even) + PairProducts((codes.AsUInt16() >>> 8).AsInt16(), odd);

            /// <summary>Only the even codes: the others' weights are zero.</summary>
            [MethodImpl(Inline)]
            public static Vector256<int> WideProducts(Vector256<byte> codes, Vector256<short> even) =>
                PairProducts((codes.AsUInt16() & Vector256.Create((ushort)255)).AsInt16(), even);

            /// <summary>Codes of two kernel rows side by side: the first in the low, the second in the high half of every channel's lane.</summary>
            [MethodImpl(Inline)]
            public static Vector256<short> PairedBytes(byte* first, byte* second) => (LoadBytes(first) | (LoadBytes(second) << 16)).AsInt16();

            /// <summary>Loads bytes as int16 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector256<short> LoadCodes(byte* x) => Avx2.ConvertToVector256Int16(x);

            /// <summary>Loads weights as int16 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector256<short> LoadWeights(sbyte* w) => Avx2.ConvertToVector256Int16(w);

            /// <summary>Both products of a lane, added.</summary>
            [MethodImpl(Inline)]
            public static Vector256<int> PairProducts(Vector256<short> codes, Vector256<short> weights) => Avx2.MultiplyAddAdjacent(codes, weights);

            /// <summary>(acc * b + 2^(c-1)) >> c per channel, for c of at least 33: the high halves of the products, then int32. The table holds n each of bias, b, odd b, rounding term, final shift.</summary>
            [MethodImpl(Inline)]
            public static Vector256<int> Requantize(Vector256<int> acc, int* table, int n)
            {
                Vector256<int> evenProducts = (Avx2.Multiply(acc, Vector256.Load(table + n)).AsUInt64() >>> 32).AsInt32();
                Vector256<int> oddProducts = Avx2.Multiply((acc.AsUInt64() >>> 32).AsInt32(), Vector256.Load(table + 2 * n)).AsInt32();
                return Avx2.ShiftRightArithmeticVariable(Avx2.Blend(evenProducts, oddProducts, 0xAA) + Vector256.Load(table + 3 * n), Vector256.Load(table + 4 * n).AsUInt32());
            }

            /// <summary>The same for multipliers whose product with any accumulator fits in int32: the table holds n each of b twice, b, (nothing), bias times b and rounding term, shift.</summary>
            [MethodImpl(Inline)]
            public static Vector256<int> RequantizeInt32(Vector256<int> acc, int* table, int n) =>
                Avx2.ShiftRightArithmeticVariable(acc * Vector256.Load(table + n) + Vector256.Load(table + 3 * n), Vector256.Load(table + 4 * n).AsUInt32());

            /// <summary>The same with one multiplier for all channels: scalars are b, 2^(c-33) and c-32.</summary>
            [MethodImpl(Inline)]
            public static Vector256<int> Rescale(Vector256<int> value, int* scalars)
            {
                Vector256<int> b = Vector256.Create(scalars[0]);
                Vector256<int> evenProducts = (Avx2.Multiply(value, b).AsUInt64() >>> 32).AsInt32();
                Vector256<int> oddProducts = Avx2.Multiply((value.AsUInt64() >>> 32).AsInt32(), b).AsInt32();
                return Avx2.ShiftRightArithmeticVariable(
                    Avx2.Blend(evenProducts, oddProducts, 0xAA) + Vector256.Create(scalars[1]), Vector256.Create(scalars[2]).AsUInt32());
            }

            /// <summary>Narrows sixteen channels to bytes; saturates to [0, 255].</summary>
            [MethodImpl(Inline)]
            public static Vector128<byte> Bytes(Vector256<int> a, Vector256<int> b) => Bytes(Shorts(a, b));

            /// <summary>Narrows int16 lanes to bytes; saturates to [0, 255].</summary>
            [MethodImpl(Inline)]
            public static Vector128<byte> Bytes(Vector256<short> a) => Sse2.PackUnsignedSaturate(a.GetLower(), a.GetUpper());

            /// <summary>Narrows sixteen channels to int16; saturates.</summary>
            [MethodImpl(Inline)]
            public static Vector256<short> Shorts(Vector256<int> a, Vector256<int> b) =>
                Avx2.Permute4x64(Avx2.PackSignedSaturate(a, b).AsInt64(), 0b_11_01_10_00).AsInt16();

            /// <summary>Adds int16 lanes; saturates.</summary>
            [MethodImpl(Inline)]
            public static Vector256<short> AddSaturated(Vector256<short> a, Vector256<short> b) => Avx2.AddSaturate(a, b);

            /// <summary>Rescale with the upper 16 bits of b, in int16 lanes: proven equal for the multiplier and its clamp. Scalars are those bits, 2^(c-33) and c-32.</summary>
            [MethodImpl(Inline)]
            public static Vector256<short> Rescale(Vector256<short> value, int* scalars) => Avx2.ShiftRightArithmetic(
                Avx2.MultiplyHigh(value, Vector256.Create(*(short*)scalars)) + Vector256.Create(*(short*)(scalars + 1)), Vector128.CreateScalar(scalars[2]).AsInt16());

            /// <summary>Rescale of int16 lanes with both halves of b = h * 2^16 + l, exact for all values. Scalars are b, 2^(c-17), c-16 and h beside a one.</summary>
            [MethodImpl(Inline)]
            public static Vector256<short> RescaleSplit(Vector256<short> value, int* scalars)
            {
                Vector256<short> lower = Avx2.MultiplyHigh(value, Vector256.Create(*(short*)scalars)), upper = Vector256.Create(scalars[3]).AsInt16();
                Vector256<int> a = PairProducts(Avx2.UnpackLow(value, lower), upper) + Vector256.Create(scalars[1]);
                Vector256<int> b = PairProducts(Avx2.UnpackHigh(value, lower), upper) + Vector256.Create(scalars[1]);
                Vector128<int> shift = Vector128.CreateScalar(scalars[2]);
                return Avx2.PackSignedSaturate(Avx2.ShiftRightArithmetic(a, shift), Avx2.ShiftRightArithmetic(b, shift));
            }

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
            public static Vector256<int> LoadShorts(byte* x) => Avx2.ConvertToVector256Int32((short*)x);

            /// <summary>Loads bytes as int32 lanes.</summary>
            [MethodImpl(Inline)]
            public static Vector256<int> LoadBytes(byte* x) => Avx2.ConvertToVector256Int32(x);
        }
        """;
}

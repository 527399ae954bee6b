namespace Hawq.Gpu.Tests.Ptx;

/// <summary>An integer type of PTX: b (untyped), s, u, or a predicate. Registers hold values as 64 bits, extended by their type.</summary>
public readonly record struct PtxType(char Kind, int Bits)
{
    public static readonly PtxType Predicate = new('p', 1);

    public bool Signed => Kind == 's';

    public int Bytes => Math.Max(1, Bits / 8);

    public static bool TryParse(string text, out PtxType type)
    {
        if (text == "pred")
        {
            type = Predicate;
            return true;
        }

        type = default;
        if (text.Length < 2 || text[0] is not ('b' or 's' or 'u') || !int.TryParse(text.AsSpan(1), out int bits) || bits is not (4 or 8 or 16 or 32 or 64))
        {
            return false;
        }

        type = new PtxType(text[0], bits);
        return true;
    }

    public static PtxType Parse(string text) =>
        TryParse(text, out PtxType type) ? type : throw new PtxException($"'{text}' is not an integer type.");

    /// <summary>Keeps the low bits and extends them: sign for s, zero otherwise.</summary>
    public ulong Extend(ulong value) => (Kind, Bits) switch
    {
        ('p', _) => value & 1,
        (_, 64) => value,
        ('s', int bits) => (ulong)((long)(value << (64 - bits)) >> (64 - bits)),
        (_, int bits) => value & ((1UL << bits) - 1),
    };

    /// <summary>The smallest and largest value, for saturating conversions.</summary>
    public long Clamp(long value) => Signed
        ? Math.Clamp(value, -(1L << (Bits - 1)), (1L << (Bits - 1)) - 1)
        : Math.Clamp(value, 0, (1L << Bits) - 1);

    public override string ToString() => Kind == 'p' ? "pred" : $"{Kind}{Bits}";
}

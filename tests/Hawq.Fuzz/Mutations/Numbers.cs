namespace Hawq.Fuzz.Mutations;

/// <summary>Numbers that break size arithmetic.</summary>
internal static class Numbers
{
    /// <summary>One of them.</summary>
    public static long Any(Random random) => random.Next(9) switch
    {
        0 => long.MinValue,
        1 => long.MaxValue,
        2 => int.MaxValue,
        3 => -1,
        4 => 0,
        5 => 1L << random.Next(63),
        6 => (1L << random.Next(63)) - 1,
        7 => random.Next(-100, 100_000),
        _ => random.Next(1, 10),
    };
}

using Hawq.Model;

namespace Hawq.Planning;

/// <summary>
/// What happens to a value between an accumulator (or a load) and memory. Values are relative to the zero point throughout:
/// <code>
/// v = clamp(requantize(accumulator))                                  convolution, pooling; an element-wise step starts with v = loaded - storedZero
/// v = clamp(requantizeSelf(v) + requantizeOther(operand - storedZero))    only with a residual operand
/// stored = clamp(requantize(v)) + storedZero                          for each store
/// </code>
/// </summary>
/// <param name="Value">Range of the incoming value (the proven accumulator range, or the operand's range).</param>
/// <param name="Requantize">How the accumulator's multiplier is applied (one per channel in a convolution), or null where the value comes from memory.</param>
/// <param name="Clamp">Clamp after it.</param>
/// <param name="Residual">The residual add, or null.</param>
/// <param name="Stores">At least one; in the order of the layers.</param>
public sealed record Epilogue(
    ValueRange Value, Requantizer? Requantize, Clamp Clamp, ResidualAdd? Residual, EquatableArray<Store> Stores)
{
    /// <summary>How vector kernels go on in int16 lanes from the residual add on, or null where they stay in int32 lanes.</summary>
    public ShortLanes? Shorts { get; init; }
}

/// <summary>An element-wise sum with a tensor from memory.</summary>
/// <param name="Operand">The tensor read, at the same row, column and channel.</param>
/// <param name="Self">Multiplier of the value.</param>
/// <param name="Other">Multiplier of the operand.</param>
/// <param name="Clamp">Clamp of the sum.</param>
public sealed record ResidualAdd(TensorStorage Operand, Requantizer Self, Requantizer Other, Clamp Clamp);

/// <summary>One store of the final value.</summary>
/// <param name="Target">Where it goes; <see cref="TensorStorage.StoredZero"/> is added.</param>
/// <param name="Requantize">Multiplier from the value's grid to the target's; identity where the value is stored as it is.</param>
/// <param name="Clamp">Clamp before the stored zero is added.</param>
public sealed record Store(TensorStorage Target, Requantizer Requantize, Clamp Clamp);

/// <summary>A closed range of integers.</summary>
/// <param name="Lo">Smallest.</param>
/// <param name="Hi">Largest.</param>
public readonly record struct ValueRange(long Lo, long Hi)
{
    /// <summary>Largest absolute value.</summary>
    public long Magnitude => Math.Max(Hi, -Lo);

    /// <inheritdoc/>
    public override string ToString() => $"[{Lo}, {Hi}]";
}

/// <summary>A clamp to [Lo, Hi], with what is proven about the value before it.</summary>
/// <param name="Lo">Lower bound.</param>
/// <param name="Hi">Upper bound.</param>
/// <param name="Low">Whether a value below <paramref name="Lo"/> is reachable.</param>
/// <param name="High">Whether a value above <paramref name="Hi"/> is reachable.</param>
public readonly record struct Clamp(int Lo, int Hi, bool Low, bool High)
{
    /// <summary>Whether anything is left to do.</summary>
    public bool Needed => Low || High;
}

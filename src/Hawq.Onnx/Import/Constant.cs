namespace Hawq.Onnx.Import;

/// <summary>What a name of the ONNX graph stands for while it is imported: a constant, or a value computed from the input.</summary>
internal abstract class Value;

/// <summary>A tensor known at import time. Exactly one of <paramref name="floats"/> and <paramref name="integers"/> is given.</summary>
internal sealed class Constant(int[] dims, float[]? floats, long[]? integers) : Value
{
    /// <summary>ONNX dimensions; empty for a scalar.</summary>
    public int[] Dims { get; } = dims;

    /// <summary>Elements of a floating-point tensor (all widths are held as float32), or null.</summary>
    public float[]? Floats { get; } = floats;

    /// <summary>Elements of an integer or boolean tensor (all widths are held as int64), or null.</summary>
    public long[]? Integers { get; } = integers;

    /// <summary>Number of elements.</summary>
    public int Count => Floats?.Length ?? Integers!.Length;

    public static Constant OfFloats(int[] dims, float[] values) => new(dims, values, null);

    public static Constant OfIntegers(int[] dims, long[] values) => new(dims, null, values);

    /// <summary>A one-dimensional integer tensor: shapes, axes and the like.</summary>
    public static Constant Vector(params long[] values) => new([values.Length], null, values);

    /// <summary>The same elements under other dimensions.</summary>
    public Constant WithDims(int[] dims) => new(dims, Floats, Integers);
}

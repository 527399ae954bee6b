using DataType = Hawq.Onnx.Schema.TensorProto.Types.DataType;

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

    /// <summary>Element type in the file: it gives the range of quantized codes. Float or Int64 for computed constants.</summary>
    public DataType Type { get; init; } = floats is null ? DataType.Int64 : DataType.Float;

    /// <summary>Where the constant is a dequantized weight: the step of every element (the element is a whole multiple of it), else null.</summary>
    public float[]? Steps { get; init; }

    /// <summary>Number of elements.</summary>
    public int Count => Floats?.Length ?? Integers!.Length;

    public static Constant OfFloats(int[] dims, float[] values) => new(dims, values, null);

    public static Constant OfIntegers(int[] dims, long[] values) => new(dims, null, values);

    /// <summary>A one-dimensional integer tensor: shapes, axes and the like.</summary>
    public static Constant Vector(params long[] values) => new([values.Length], null, values);

    /// <summary>The same elements under other dimensions.</summary>
    public Constant WithDims(int[] dims) => new(dims, Floats, Integers) { Type = Type, Steps = Steps };

    /// <summary>Elements at given positions, under given dimensions.</summary>
    public Constant Pick(int[] dims, int[] positions) => new(
        dims,
        Floats is { } floats ? Array.ConvertAll(positions, i => floats[i]) : null,
        Integers is { } integers ? Array.ConvertAll(positions, i => integers[i]) : null)
    {
        Type = Type,
        Steps = Steps is { } steps ? Array.ConvertAll(positions, i => steps[i]) : null,
    };
}

using Hawq.Onnx.Import;
using DataType = Hawq.Onnx.Schema.TensorProto.Types.DataType;

namespace Hawq.Onnx.Operators;

/// <summary>Cast between floating-point types or of codes to wider integers (nothing), or of a constant.</summary>
internal sealed class CastOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Cast"];

    public void Import(NodeContext node)
    {
        var to = (DataType)node.Int("to", 0);
        node.Ignore("saturate");
        node.Ignore("round_mode");
        bool isFloat = to is DataType.Float or DataType.Float16 or DataType.Double or DataType.Bfloat16;
        bool isInteger = to is DataType.Int64 or DataType.Int32;
        Value value = node.Input(0) switch
        {
            Activation { Codes: not null } codes when isInteger => codes,
            Activation { Codes: not null } => node.Operand(0), // refused
            Activation activation when isFloat => activation,
            Constant { Floats: not null } constant when isFloat => constant,
            Constant { Integers: not null } constant when isInteger => constant,
            Constant { Integers: { } values } constant when isFloat => Constant.OfFloats(constant.Dims, Array.ConvertAll(values, x => (float)x)),
            Constant { Floats: { } values } constant when isInteger && values.All(x => Math.Abs(x) < 1L << 53) =>
                Constant.OfIntegers(constant.Dims, Array.ConvertAll(values, x => (long)x)),
            _ => throw node.Unsupported($"it casts to {to}", "Casts between floating-point types, and of constants to float, int32 or int64, are supported."),
        };
        node.Bind(0, value);
    }
}

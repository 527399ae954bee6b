using Hawq.Onnx.Schema;
using static Hawq.Onnx.Export.OnnxWriter;

namespace Hawq.Onnx.Export;

/// <summary>Writes a <see cref="UnaryExpression"/> as ONNX operators.</summary>
internal sealed class UnaryWriter
{
    private readonly ModelWriter _writer;
    private readonly UnaryNode _node;
    private int _next;

    private UnaryWriter(ModelWriter writer, UnaryNode node)
    {
        _writer = writer;
        _node = node;
    }

    public static void Write(ModelWriter writer, UnaryNode node)
    {
        UnaryWriter unary = new(writer, node);
        writer.Node("Identity", node.Output, [unary.Value(node.Function)]);
    }

    private string Value(UnaryExpression function) => function switch
    {
        ArgumentExpression => _node.Input,
        ConstantExpression constant => Number(constant.Value),
        ArithmeticExpression arithmetic => Node(arithmetic.Kind.ToString(), [Value(arithmetic.Left), Value(arithmetic.Right)]),
        FunctionExpression call => Function(call, Value(call.Inner)),
        _ => throw new NotSupportedException($"{function.GetType().Name} cannot be written as ONNX."),
    };

    private string Function(FunctionExpression call, string x)
    {
        switch (call.Kind)
        {
            case UnaryFunction.Clip:
                return Node("Clip", [x, float.IsNegativeInfinity(call.Alpha) ? "" : Number(call.Alpha), float.IsPositiveInfinity(call.Beta) ? "" : Number(call.Beta)]);
            case UnaryFunction.Swish:
                return Node("Mul", [x, Node("Sigmoid", [Node("Mul", [x, Number(call.Alpha)])])]);
            case UnaryFunction.Mish:
                return Node("Mul", [x, Node("Tanh", [Node("Softplus", [x])])]);
            case UnaryFunction.Gelu:
                return HalfTimesOnePlus(x, Node("Erf", [Node("Mul", [x, Number(0.70710678f)])]));
            case UnaryFunction.GeluTanh:
                string cube = Node("Mul", [Node("Mul", [x, x]), Node("Mul", [x, Number(0.044715f)])]);
                return HalfTimesOnePlus(x, Node("Tanh", [Node("Mul", [Node("Add", [x, cube]), Number(0.79788456f)])]));
            case UnaryFunction.HardSigmoid:
                return Node("HardSigmoid", [x], Attribute("alpha", call.Alpha), Attribute("beta", call.Beta));
            case UnaryFunction.Selu:
                return Node("Selu", [x], Attribute("alpha", call.Alpha), Attribute("gamma", call.Beta));
            default:
                return UnaryFunctions.ParameterCount(call.Kind) == 1
                    ? Node(call.Kind.ToString(), [x], Attribute("alpha", call.Alpha))
                    : Node(call.Kind.ToString(), [x]);
        }
    }

    private string HalfTimesOnePlus(string x, string y) => Node("Mul", [Node("Mul", [x, Number(0.5f)]), Node("Add", [y, Number(1)])]);

    private string Node(string op, string[] inputs, params AttributeProto[] attributes) => _writer.Node(op, Next(), inputs, attributes);

    private string Number(float value) => _writer.Floats(Next(), [value]);

    private string Next() => $"{_node.Output}#{_next++}";
}

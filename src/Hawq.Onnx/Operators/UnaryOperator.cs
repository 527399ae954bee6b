using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Every element-wise function of one value, with its parameters' defaults.</summary>
internal sealed class UnaryOperator : IOperator
{
    private static readonly Dictionary<string, Parameters> s_functions = new(StringComparer.Ordinal)
    {
        ["Abs"] = new(UnaryFunction.Abs),
        ["Ceil"] = new(UnaryFunction.Ceil),
        ["Celu"] = new(UnaryFunction.Celu, ("alpha", 1)),
        ["Elu"] = new(UnaryFunction.Elu, ("alpha", 1)),
        ["Erf"] = new(UnaryFunction.Erf),
        ["Exp"] = new(UnaryFunction.Exp),
        ["Floor"] = new(UnaryFunction.Floor),
        ["HardSigmoid"] = new(UnaryFunction.HardSigmoid, ("alpha", 0.2f), ("beta", 0.5f)),
        ["HardSwish"] = new(UnaryFunction.HardSwish),
        ["LeakyRelu"] = new(UnaryFunction.LeakyRelu, ("alpha", 0.01f)),
        ["Log"] = new(UnaryFunction.Log),
        ["Mish"] = new(UnaryFunction.Mish),
        ["Neg"] = new(UnaryFunction.Neg),
        ["Reciprocal"] = new(UnaryFunction.Reciprocal),
        ["Round"] = new(UnaryFunction.Round),
        ["Selu"] = new(UnaryFunction.Selu, ("alpha", 1.67326319217681884765625f), ("gamma", 1.05070102214813232421875f)),
        ["Sigmoid"] = new(UnaryFunction.Sigmoid),
        ["Sign"] = new(UnaryFunction.Sign),
        ["Softplus"] = new(UnaryFunction.Softplus),
        ["Softsign"] = new(UnaryFunction.Softsign),
        ["Sqrt"] = new(UnaryFunction.Sqrt),
        ["Swish"] = new(UnaryFunction.Swish, ("alpha", 1)),
        ["Tanh"] = new(UnaryFunction.Tanh),
        ["ThresholdedRelu"] = new(UnaryFunction.ThresholdedRelu, ("alpha", 1)),
    };

    public IReadOnlyList<string> OpTypes => [.. s_functions.Keys];

    public void Import(NodeContext node)
    {
        Parameters parameters = s_functions[node.Op];
        float alpha = parameters.Alpha is var (name, value) ? node.Float(name, value) : 0;
        float beta = parameters.Beta is var (second, other) ? node.Float(second, other) : 0;
        if (!float.IsFinite(alpha) || !float.IsFinite(beta))
        {
            throw node.Invalid("a parameter is not finite");
        }

        Import(node, new FunctionExpression(parameters.Kind, alpha, beta, UnaryExpression.Argument));
    }

    public static void Import(NodeContext node, UnaryExpression function)
    {
        switch (node.Operand(0))
        {
            case Activation input:
                node.Emit(new UnaryNode(node.Name, input.Name, node.Output, function), input.Renamed(node.Output));
                break;
            case Constant { Floats: { } values } constant:
                node.Bind(0, Constant.OfFloats(constant.Dims, Array.ConvertAll(values, x => (float)function.Evaluate(x))));
                break;
            default:
                throw node.Unsupported("its input is an integer constant", "Float tensors are supported.");
        }
    }

    private sealed record Parameters(UnaryFunction Kind, (string Name, float Default)? Alpha = null, (string Name, float Default)? Beta = null);
}

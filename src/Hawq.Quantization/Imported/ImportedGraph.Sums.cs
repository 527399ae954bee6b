using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Imported;

/// <content>Sums, and the roundings that hawq export writes in front of them.</content>
internal sealed partial class ImportedGraph
{
    /// <summary>
    /// A sum or difference. Our layers round each operand to the result's grid, other tools round once: where there is room, the operands
    /// meet on a grid of 64 times as many steps, and only the result is rounded to the model's.
    /// </summary>
    private void Sum(FloatNode node, Tensor output)
    {
        const int Finer = 64;
        string at = output.Name;
        bool isRounded = node.Inputs.Any(input => _onGrid.ContainsKey(input) || (_waiting.TryGetValue(input, out Waiting? waiting) && waiting.Step != 0));
        if (output.Bits <= 8 && !isRounded)
        {
            at = $"{output.Name}.sum";
            Declare(new Tensor(at, output.Shape, 16, -short.MaxValue, short.MaxValue, 0, output.Scale / Finer), at, TensorRole.Residual);
        }

        string a = Operand(node, node.Inputs[0], at), b = Operand(node, node.Inputs[1], at);
        _layers.Add(node is AddNode ? new LoweredAdd(node.Name, a, b, at) : new LoweredSub(node.Name, a, b, at));
        if (at != output.Name)
        {
            _layers.Add(new LoweredRequantize($"{node.Name}.requantize", at, output.Name));
        }
    }

    /// <summary>An operand of a sum: codes, or a layer with weights that is rounded to the sum's grid.</summary>
    private string Operand(FloatNode add, string value, string sum)
    {
        if (_onGrid.TryGetValue(value, out (string Codes, float Step) rounded))
        {
            CheckStep(add, rounded.Step, _grids[sum].Scale);
            return rounded.Codes;
        }

        if (_waiting.TryGetValue(value, out Waiting? waiting) && GraphLowering.IsLinear(waiting.Node) && _graph.Nodes.Count(node => node.Inputs.Contains(value)) == 1)
        {
            CheckStep(waiting!.Node, waiting.Step, _grids[sum].Scale);
            float lo = waiting.Lo >= 0 ? 0 : float.NegativeInfinity;
            _tensors.Add(value, new LoweredTensor(value, value, _graph.Shapes[value], TensorRole.Branch, 32, lo, waiting.Hi, sum));
            Linear(waiting.Node, value);
            return value;
        }

        return Codes(value, add);
    }

    /// <summary>Rounding to a step, and perhaps to another one after it: the first is the grid of a result, the next an operand of a sum.</summary>
    private void Round(UnaryNode node, IReadOnlyList<float> steps)
    {
        if (steps.Count == 1 && _waiting.TryGetValue(node.Input, out Waiting? waiting) && waiting.Step == 0)
        {
            _waiting[node.Output] = waiting with { Step = steps[0] };
            return;
        }

        string value = node.Input;
        if (steps.Count == 2 && _waiting.TryGetValue(value, out Waiting? unrounded))
        {
            _waiting[value] = unrounded with { Step = steps[0] };
        }

        _onGrid[node.Output] = (Codes(value, node), steps[^1]);
    }

    /// <summary>hawq export writes what is wider than 16 bits as round(x / step) * step, since ONNX has no such codes: the steps, at most two, or null.</summary>
    private static IReadOnlyList<float>? RoundingSteps(UnaryExpression function)
    {
        if (function is ArithmeticExpression
            {
                Kind: Arithmetic.Mul,
                Left: FunctionExpression { Kind: UnaryFunction.Round, Inner: ArithmeticExpression { Kind: Arithmetic.Div, Left: { } inner, Right: ConstantExpression divisor } },
                Right: ConstantExpression factor,
            } && divisor.Value == factor.Value)
        {
            return inner is ArgumentExpression ? [factor.Value] : RoundingSteps(inner) is [var first] ? [first, factor.Value] : null;
        }

        return null;
    }

    private static void CheckStep(FloatNode node, float step, float scale)
    {
        if (step != 0 && step != scale)
        {
            throw Refuse(node, $"is rounded to steps of {step} and then to steps of {scale}", "Round once.");
        }
    }
}

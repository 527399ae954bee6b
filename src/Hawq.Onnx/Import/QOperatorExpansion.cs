using Google.Protobuf.Collections;
using Hawq.Onnx.Schema;

namespace Hawq.Onnx.Import;

/// <summary>
/// Rewrites the operators that work on codes (QLinearConv and its kin) as DequantizeLinear, the float operator and QuantizeLinear, so
/// that the importer knows one form of quantized model. The two forms compute the same up to the rounding of ties.
/// </summary>
internal static class QOperatorExpansion
{
    /// <param name="FloatOp">The float operator.</param>
    /// <param name="Operands">Position of each operand; its scale and zero point follow it.</param>
    /// <param name="Result">Position of the result's scale; its zero point follows.</param>
    /// <param name="Bias">Position of the int32 bias, whose scale is the product of the first two operands', or -1.</param>
    private sealed record Form(string FloatOp, int[] Operands, int Result, int Bias = -1);

    private static readonly Dictionary<string, Form> s_forms = new(StringComparer.Ordinal)
    {
        ["QLinearConv"] = new("Conv", [0, 3], 6, 8),
        ["QLinearMatMul"] = new("MatMul", [0, 3], 6),
        ["com.microsoft.QLinearAdd"] = new("Add", [0, 3], 6),
        ["com.microsoft.QLinearMul"] = new("Mul", [0, 3], 6),
        ["com.microsoft.QLinearAveragePool"] = new("AveragePool", [0], 3),
        ["com.microsoft.QLinearGlobalAveragePool"] = new("GlobalAveragePool", [0], 3),
        ["com.microsoft.QLinearLeakyRelu"] = new("LeakyRelu", [0], 3),
        ["com.microsoft.QLinearSigmoid"] = new("Sigmoid", [0], 3),
        ["com.microsoft.QGemm"] = new("Gemm", [0, 3], 7, 6),
    };

    /// <summary>Operators that are rewritten, by domain and name.</summary>
    public static IEnumerable<string> Names => [.. s_forms.Keys, "com.microsoft.QLinearConcat", "ConvInteger", "MatMulInteger"];

    /// <summary>The nodes with every such operator rewritten.</summary>
    public static List<NodeProto> Run(IEnumerable<NodeProto> nodes)
    {
        List<NodeProto> result = [];
        Dictionary<string, NodeProto> quantizers = new(StringComparer.Ordinal);
        int seen = 0;
        foreach (NodeProto node in nodes)
        {
            for (; seen < result.Count; seen++)
            {
                if (result[seen] is { OpType: "QuantizeLinear", Input.Count: >= 2, Output.Count: 1 } quantizer)
                {
                    quantizers[quantizer.Output[0]] = quantizer;
                }
            }

            string name = node.Domain is "" or "ai.onnx" ? node.OpType : $"{node.Domain}.{node.OpType}";
            if (s_forms.TryGetValue(name, out Form? form) && node.Input.Count > form.Result && node.Output.Count == 1 && !IsChannelsLast(node))
            {
                Expand(node, form, result);
            }
            else if (name == "com.microsoft.QLinearConcat" && node.Input.Count >= 5 && node.Output.Count == 1)
            {
                int parts = (node.Input.Count - 2) / 3;
                Expand(node, new Form("Concat", [.. Enumerable.Range(0, parts).Select(i => 2 + (3 * i))], 0), result);
            }
            else if (name is "ConvInteger" or "MatMulInteger" && node.Input.Count >= 2 && node.Output.Count == 1 &&
                quantizers.TryGetValue(node.Input[0], out NodeProto? quantizer))
            {
                ExpandInteger(node, quantizer.Input[1], result);
            }
            else if (node.Domain == "com.microsoft" && node.OpType is "QuantizeLinear" or "DequantizeLinear")
            {
                // The same operators, for element types that ONNX did not have then.
                NodeProto standard = node.Clone();
                standard.Domain = "";
                result.Add(standard);
            }
            else
            {
                result.Add(node);
            }
        }

        return result;
    }

    private static bool IsChannelsLast(NodeProto node) => node.Attribute.Any(attribute => attribute.Name == "channels_last" && attribute.I != 0);

    private static void Expand(NodeProto node, Form form, List<NodeProto> result)
    {
        string prefix = node.Output[0] + "#";
        NodeProto real = new() { OpType = form.FloatOp, Name = node.Name };
        real.Attribute.Add(node.Attribute.Where(attribute => attribute.Name != "channels_last"));
        foreach (int operand in form.Operands)
        {
            string dequantized = $"{prefix}{operand}";
            bool isWeight = form.Bias >= 0 && operand == 3;
            result.Add(Node("DequantizeLinear", node.Name, dequantized, [node.Input[operand], At(node.Input, operand + 1), At(node.Input, operand + 2)], isWeight ? WeightAxis(node) : null));
            real.Input.Add(dequantized);
        }

        if (form.Bias >= 0 && At(node.Input, form.Bias).Length > 0)
        {
            string scale = prefix + "biasScale";
            result.Add(Node("Mul", node.Name, scale, [node.Input[1], node.Input[4]], null));
            result.Add(Node("DequantizeLinear", node.Name, prefix + "bias", [node.Input[form.Bias], scale], 0));
            real.Input.Add(prefix + "bias");
        }

        real.Output.Add(prefix + "real");
        result.Add(real);
        result.Add(Node("QuantizeLinear", node.Name, node.Output[0], [prefix + "real", node.Input[form.Result], At(node.Input, form.Result + 1)], null));
    }

    /// <summary>
    /// ConvInteger and MatMulInteger give the raw accumulator: the float operator on dequantized codes and on weights of step 1, divided by
    /// the step of the codes. The multiplication that follows in the model folds into the weights.
    /// </summary>
    private static void ExpandInteger(NodeProto node, string scale, List<NodeProto> result)
    {
        string prefix = node.Output[0] + "#";
        NodeProto one = new() { OpType = "Constant", Name = $"{node.Name}.one" };
        one.Output.Add(prefix + "one");
        one.Attribute.Add(new AttributeProto { Name = "value_float", F = 1, Type = AttributeProto.Types.AttributeType.Float });
        result.Add(one);
        result.Add(Node("DequantizeLinear", node.Name, prefix + "0", [node.Input[0], scale, At(node.Input, 2)], null));
        result.Add(Node("DequantizeLinear", node.Name, prefix + "1", [node.Input[1], prefix + "one", At(node.Input, 3)], null));
        NodeProto real = new() { OpType = node.OpType[..^"Integer".Length], Name = node.Name };
        real.Attribute.Add(node.Attribute);
        real.Input.Add([prefix + "0", prefix + "1"]);
        real.Output.Add(prefix + "real");
        result.Add(real);
        result.Add(Node("Div", node.Name, node.Output[0], [prefix + "real", scale], null));
    }

    /// <summary>Output channels are the first dimension of weights, but the second of a Gemm's that are not transposed.</summary>
    private static int WeightAxis(NodeProto node) =>
        node.OpType == "QGemm" && !node.Attribute.Any(attribute => attribute.Name == "transB" && attribute.I != 0) ? 1 : 0;

    private static string At(RepeatedField<string> inputs, int index) => index < inputs.Count ? inputs[index] : "";

    private static NodeProto Node(string op, string name, string output, string[] inputs, int? axis)
    {
        NodeProto node = new() { OpType = op, Name = name.Length > 0 ? $"{name}.{op}" : "" };
        node.Input.Add(inputs);
        node.Output.Add(output);
        if (axis is { } value)
        {
            node.Attribute.Add(new AttributeProto { Name = "axis", I = value, Type = AttributeProto.Types.AttributeType.Int });
        }

        return node;
    }
}

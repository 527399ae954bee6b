using Google.Protobuf;
using Hawq.Model;
using Hawq.Onnx.Import;
using Hawq.Onnx.Schema;
using Hawq.Quantization;
using Hawq.Quantization.Engine;
using Hawq.Reference;
using Hawq.Testing.Onnx;
using DataType = Hawq.Onnx.Schema.TensorProto.Types.DataType;

namespace Hawq.Onnx.Tests.Conformance;

/// <summary>
/// A node test of an operator on codes: what a quantized model needs around it is put there (QuantizeLinear in front, DequantizeLinear behind, constants), the model
/// goes through import to the integer reference, and its codes are compared with the case's, one by one.
/// </summary>
internal static class QuantizedCase
{
    /// <summary>Operators, with the positions of the scale of their input and of their output (the zero points follow); -1: there is none.</summary>
    private static readonly Dictionary<string, (int Input, int Output)> s_scales = new(StringComparer.Ordinal)
    {
        ["QLinearConv"] = (1, 6), ["QLinearMatMul"] = (1, 6), ["ConvInteger"] = (-1, -1), ["MatMulInteger"] = (-1, -1), ["DequantizeLinear"] = (1, -1), ["QuantizeLinear"] = (-1, 1),
    };

    public static bool Applies(string op) => s_scales.ContainsKey(op);

    public static CaseResult Run(OnnxCase one)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(one.Model);
        GraphProto graph = model.Graph;
        NodeProto node = graph.Node[0];
        TensorProto first = TensorProto.Parser.ParseFrom(one.Inputs[0]);
        int rows;
        FloatGraph imported;
        QuantizedModel quantized;
        try
        {
            rows = Surround(graph, node, one.Inputs, first);
            imported = OnnxImporter.Load(model.ToByteArray(), one.Name + ".onnx");
            quantized = Quantizer.Import(imported, "case.hawq.bin");
        }
        catch (HawqException exception)
        {
            return new CaseResult(CaseStatus.Refused, exception.Message);
        }

        Constant input = TensorReader.Read(first, "input", ""), expected = TensorReader.Read(TensorProto.Parser.ParseFrom(one.Outputs[0]), "output", "");
        Tensor from = quantized.Network.Tensor(quantized.Network.Input.Tensor), to = quantized.Network.Tensor(quantized.Network.Outputs[0]);
        Interpreter reference = new(quantized.Network, quantized.Weights);
        List<int> codes = [];
        for (int row = 0; row < rows; row++)
        {
            int[] given = new int[from.Shape.Length];
            if (input.Floats is { } floats)
            {
                NetworkRunner.Encode(from, Order.ChannelsLast(floats[(row * given.Length)..((row + 1) * given.Length)], from.Shape), given);
            }
            else
            {
                given = Order.ChannelsLast(Array.ConvertAll(input.Integers![(row * given.Length)..((row + 1) * given.Length)], code => (int)code), from.Shape);
            }

            codes.AddRange(Order.ChannelsFirst(reference.RunCodes(given)[to.Name], to.Shape));
        }

        return expected.Floats is { } reals ? Compare(reals, [.. codes.Select(code => to.Scale * (code - to.ZeroPoint))]) : Compare(expected.Integers!, codes, input, to);
    }

    /// <summary>Real outputs (DequantizeLinear): exact.</summary>
    private static CaseResult Compare(float[] expected, float[] actual) =>
        new(expected.SequenceEqual(actual) ? CaseStatus.Passed : CaseStatus.Failed, "other values") { Codes = expected.Length };

    /// <summary>Codes: exact but for ties, and a tie is one only where the real number proves it.</summary>
    private static CaseResult Compare(long[] expected, List<int> actual, Constant input, Tensor to)
    {
        int ties = 0;
        for (int i = 0; i < expected.Length || i < actual.Count; i++)
        {
            if (i >= expected.Length || i >= actual.Count || Math.Abs(expected[i] - actual[i]) > 1)
            {
                return new CaseResult(CaseStatus.Failed, $"code {i} differs");
            }

            if (expected[i] != actual[i])
            {
                double? steps = input.Floats?[i] / (double)to.Scale;
                if (steps is not { } exact || Math.Abs(exact - Math.Floor(exact) - 0.5) > 1e-6)
                {
                    return new CaseResult(CaseStatus.Failed, $"code {i} is {actual[i]}, not {expected[i]}, and that is no tie");
                }

                ties++;
            }
        }

        return new CaseResult(CaseStatus.Passed) { Codes = expected.Length, Ties = ties };
    }

    /// <summary>Turns the case into a quantized model of one float input; returns its rows, that is images.</summary>
    private static int Surround(GraphProto graph, NodeProto node, IReadOnlyList<byte[]> operands, TensorProto first)
    {
        for (int i = 1; i < operands.Count; i++)
        {
            TensorProto tensor = TensorProto.Parser.ParseFrom(operands[i]);
            tensor.Name = graph.Input[i].Name;
            graph.Initializer.Add(tensor);
        }

        (int inputScale, int outputScale) = s_scales[node.OpType];
        string given = node.Input[0], result = node.Output[0];
        if (node.OpType != "QuantizeLinear")
        {
            node.Input[0] = "codes";
            string scale = inputScale < 0 ? Number(graph, "one", DataType.Float, BitConverter.GetBytes(1f)) : node.Input[inputScale];
            string zero = inputScale < 0 ? ZeroPoint(graph, node, 2, first) : ZeroPoint(graph, node, inputScale + 1, first);
            Insert(graph, 0, "QuantizeLinear", "codes", given, scale, zero);
        }

        if (node.OpType != "DequantizeLinear")
        {
            string[] grid = outputScale < 0 ? [] : [node.Input[outputScale], .. node.Input.Skip(outputScale + 1).Take(1)];
            NodeProto end = Insert(graph, graph.Node.Count, outputScale < 0 ? "Cast" : "DequantizeLinear", "real", [result, .. grid]);
            if (outputScale < 0)
            {
                end.Attribute.Add(new AttributeProto { Name = "to", I = (long)DataType.Float, Type = AttributeProto.Types.AttributeType.Int });
            }

            graph.Output[0].Name = "real";
        }

        // Images are rows of the first dimension; a vector is one image.
        long[] dims = first.Dims.Count < 2 ? [1, first.Dims.Aggregate(1L, (a, b) => a * b)] : [.. first.Dims];
        ValueInfoProto input = new() { Name = given, Type = new() { TensorType = new() { ElemType = (int)DataType.Float, Shape = new() } } };
        input.Type.TensorType.Shape.Dim.Add(dims.Select(dim => new TensorShapeProto.Types.Dimension { DimValue = dim }));
        graph.Input.Clear();
        graph.Input.Add(input);
        return (int)dims[0];
    }

    /// <summary>The zero point at a position, or, where the case has none, zero of the codes' type.</summary>
    private static string ZeroPoint(GraphProto graph, NodeProto node, int position, TensorProto codes) =>
        position < node.Input.Count && node.Input[position].Length > 0
            ? node.Input[position]
            : Number(graph, "zero", (DataType)codes.DataType, new byte[codes.DataType is (int)DataType.Int16 or (int)DataType.Uint16 ? 2 : codes.DataType is (int)DataType.Int32 ? 4 : 1]);

    private static string Number(GraphProto graph, string name, DataType type, byte[] raw)
    {
        graph.Initializer.Add(new TensorProto { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(raw) });
        return name;
    }

    private static NodeProto Insert(GraphProto graph, int at, string op, string output, params string[] inputs)
    {
        NodeProto node = new() { OpType = op, Name = output };
        node.Input.Add(inputs);
        node.Output.Add(output);
        graph.Node.Insert(at, node);
        return node;
    }
}

using Google.Protobuf;
using Hawq.Onnx.Schema;

namespace Hawq.Testing.Onnx;

/// <summary>
/// Node tests feed every operand as a graph input. A network has one input: operands of the first one's dimensions are joined with it
/// along dimension 1 and split inside the model, all others become constants.
/// </summary>
/// <param name="Model">The rewritten model.</param>
/// <param name="Input">Its input.</param>
/// <param name="Dims">Dimensions of the input.</param>
public sealed record OneInput(byte[] Model, float[] Input, long[] Dims)
{
    /// <summary>Rewrites a case; null when its first operand is not floating-point.</summary>
    /// <param name="one">The case.</param>
    /// <param name="liftsVectors">Whether a vector or a number is taken as one row of features, as the operator works element by element.</param>
    public static OneInput? Of(OnnxCase one, bool liftsVectors = false)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(one.Model);
        GraphProto graph = model.Graph;
        if (one.Inputs.Count == 0 || OnnxCase.Floats(one.Inputs[0]) is not { } first)
        {
            return null;
        }

        long[] rows = liftsVectors && first.Dims.Length < 2 ? [1, first.Values.Length] : first.Dims;
        List<int> data = [0];
        for (int i = 1; i < one.Inputs.Count; i++)
        {
            TensorProto tensor = TensorProto.Parser.ParseFrom(one.Inputs[i]);
            if (rows.Length >= 2 && tensor.DataType == (int)TensorProto.Types.DataType.Float && tensor.Dims.SequenceEqual(first.Dims) && !IsWeight(graph, i))
            {
                data.Add(i);
            }
            else
            {
                tensor.Name = graph.Input[i].Name;
                graph.Initializer.Add(tensor);
            }
        }

        ValueInfoProto input = graph.Input[0];
        if (data.Count == 1)
        {
            graph.Input.Clear();
            graph.Input.Add(WithDims(input, rows));
            return new OneInput(model.ToByteArray(), first.Values, rows);
        }

        NodeProto split = new() { OpType = "Split", Name = "operands" };
        split.Input.Add("operands");
        split.Output.Add(data.Select(i => graph.Input[i].Name));
        split.Attribute.Add(new AttributeProto { Name = "axis", I = 1, Type = AttributeProto.Types.AttributeType.Int });
        if (model.OpsetImport.First(set => set.Domain.Length == 0).Version >= 18)
        {
            split.Attribute.Add(new AttributeProto { Name = "num_outputs", I = data.Count, Type = AttributeProto.Types.AttributeType.Int });
        }

        graph.Node.Insert(0, split);
        long[] dims = [rows[0], rows[1] * data.Count, .. rows[2..]];
        graph.Input.Clear();
        graph.Input.Add(WithDims(new ValueInfoProto { Name = "operands", Type = new() { TensorType = new() { ElemType = 1 } } }, dims));

        int block = (int)(first.Values.Length / rows[0]);
        float[][] operands = [.. data.Select(i => OnnxCase.Floats(one.Inputs[i])!.Value.Values)];
        List<float> values = [];
        for (int row = 0; row < rows[0]; row++)
        {
            values.AddRange(operands.SelectMany(operand => operand.Skip(row * block).Take(block)));
        }

        return new OneInput(model.ToByteArray(), [.. values], dims);
    }

    private static ValueInfoProto WithDims(ValueInfoProto input, long[] dims)
    {
        input.Type.TensorType.Shape = new();
        input.Type.TensorType.Shape.Dim.Add(dims.Select(dim => new TensorShapeProto.Types.Dimension { DimValue = dim }));
        return input;
    }

    private static bool IsWeight(GraphProto graph, int index) =>
        graph.Node.Any(node => node.OpType is "Conv" or "ConvTranspose" or "Gemm" or "MatMul" or "PRelu" or "BatchNormalization" &&
            node.Input.Skip(1).Contains(graph.Input[index].Name));
}

using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Constant: a tensor, number or list as an attribute.</summary>
internal sealed class ConstantOperator : IOperator
{
    public IReadOnlyList<string> OpTypes => ["Constant"];

    public void Import(NodeContext node)
    {
        Constant constant = node switch
        {
            _ when node.Tensor("value") is { } tensor => TensorReader.Read(tensor, $"Constant '{node.Output}'", node.Graph.Folder),
            _ when node.HasAttribute("value_float") => Constant.OfFloats([], [node.Float("value_float", 0)]),
            _ when node.HasAttribute("value_int") => Constant.OfIntegers([], [node.Int("value_int", 0)]),
            _ when node.FloatList("value_floats") is { } values => Constant.OfFloats([values.Length], values),
            _ when node.Ints("value_ints") is { } values => Constant.Vector(values),
            _ => throw node.Unsupported("it holds no number and no dense tensor", "Strings and sparse tensors are not supported."),
        };
        node.Bind(0, constant);
    }
}

namespace Hawq.Onnx.Passes;

/// <summary>Arithmetic on two values while the graph is imported; <see cref="UnaryFusion"/> and <see cref="ArithmeticLowering"/> leave none.</summary>
internal sealed record ArithmeticNode(string Name, Arithmetic Kind, string A, string B, string Output) : FloatNode(Name, Output)
{
    public override IReadOnlyList<string> Inputs => [A, B];
}

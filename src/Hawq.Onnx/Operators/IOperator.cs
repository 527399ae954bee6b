namespace Hawq.Onnx.Operators;

/// <summary>Imports one ONNX operator (or a family that differs in a detail): checks it, infers shapes, emits FloatGraph nodes.</summary>
internal interface IOperator
{
    /// <summary>ONNX operator names.</summary>
    IReadOnlyList<string> OpTypes { get; }

    /// <summary>Imports a node; everything that it does not understand is refused through <see cref="NodeContext.Unsupported"/>.</summary>
    void Import(NodeContext node);
}

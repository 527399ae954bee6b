using Hawq.Model;

namespace Hawq.Onnx.Passes;

/// <summary>Brings the imported nodes into the normal form that <see cref="FloatGraph"/> promises.</summary>
internal static class Simplifier
{
    public static void Run(List<FloatNode> nodes, Dictionary<string, Shape> shapes, IReadOnlyList<string> outputs)
    {
        PadFolding.Run(nodes, shapes, outputs);
        UnaryFusion.Run(nodes, outputs);
        GraphEditor.RemoveDead(nodes, shapes, outputs);
        ArithmeticLowering.Run(nodes, shapes);
        GraphEditor.RemoveDead(nodes, shapes, outputs);
        AffineFolding.Run(nodes, shapes, outputs);
    }
}

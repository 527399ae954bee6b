using Hawq.Model;
using Hawq.Onnx.Import;
using Hawq.Onnx.Schema;
using Hawq.Testing.Onnx;

namespace Hawq.Onnx.Tests.Conformance;

/// <summary>A node test with every operand a constant: shape arithmetic and layout are exported on constants too.</summary>
internal static class FoldedCase
{
    /// <summary>The result, or null where the case is none for constant folding.</summary>
    public static CaseResult? Run(OnnxCase one)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(one.Model);
        for (int i = 0; i < one.Inputs.Count; i++)
        {
            TensorProto tensor = TensorProto.Parser.ParseFrom(one.Inputs[i]);
            tensor.Name = model.Graph.Input[i].Name;
            model.Graph.Initializer.Add(tensor);
        }

        // Integers are folded as int64; narrower ones would wrap around.
        if (model.Graph.Initializer.Any(tensor => tensor.DataType is not (1 or 6 or 7)) || one.Outputs.Any(tensor => TensorProto.Parser.ParseFrom(tensor).DataType is not (1 or 6 or 7)))
        {
            return null;
        }

        IReadOnlyList<Constant?> results;
        try
        {
            results = new GraphImporter(model, "").FoldConstants();
        }
        catch (HawqException)
        {
            return null;
        }

        for (int i = 0; i < results.Count; i++)
        {
            Constant expected = TensorReader.Read(TensorProto.Parser.ParseFrom(one.Outputs[i]), "output", "");
            if (results[i] is not { } actual || !actual.Dims.SequenceEqual(expected.Dims) ||
                (expected.Floats is { } floats ? !floats.SequenceEqual(actual.Floats ?? []) : !expected.Integers!.SequenceEqual(actual.Integers ?? [])))
            {
                return new CaseResult(CaseStatus.Failed, "folds to another constant");
            }
        }

        return new CaseResult(CaseStatus.Folded);
    }
}

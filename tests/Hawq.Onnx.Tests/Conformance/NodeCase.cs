using Hawq.Onnx.Schema;
using Hawq.Testing.Onnx;

namespace Hawq.Onnx.Tests.Conformance;

/// <summary>Runs a node test in the way that suits its operator.</summary>
internal static class NodeCase
{
    /// <summary>Operators that do not treat every row of the first dimension alike: for these the first dimension of a case must be 1.</summary>
    private static readonly HashSet<string> s_notBatchwise =
    [
        "ArgMax", "Concat", "Expand", "Flatten", "Gather", "LogSoftmax", "Reshape", "Shape", "Slice", "Softmax", "Split", "Squeeze", "Transpose", "Unsqueeze", "Pad", "ReduceMean",
        "ReduceMax",
    ];

    public static CaseResult Run(OnnxCase one, NodeProto? node)
    {
        CaseResult result = Run(one, node?.OpType ?? "");
        return result with
        {
            Attributes = [.. node?.Attribute.Select(attribute => attribute.Name) ?? []],
            Detail = result.Status is CaseStatus.Passed or CaseStatus.Folded ? "" : result.Detail,
        };
    }

    private static CaseResult Run(OnnxCase one, string op)
    {
        if (QuantizedCase.Applies(op))
        {
            return QuantizedCase.Run(one);
        }

        bool isElementwise = !s_notBatchwise.Contains(op);
        if (OneInput.Of(one, liftsVectors: isElementwise) is not { } model)
        {
            return FoldedCase.Run(one) ?? new CaseResult(CaseStatus.Refused, "the first operand is not floating-point");
        }

        return model.Dims.Length == 0 || (model.Dims[0] != 1 && !isElementwise)
            ? FoldedCase.Run(one) ?? new CaseResult(CaseStatus.NotApplicable, "the first dimension is not a batch")
            : FloatCase.Run(one, model);
    }
}

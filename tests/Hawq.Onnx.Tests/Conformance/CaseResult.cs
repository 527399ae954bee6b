namespace Hawq.Onnx.Tests.Conformance;

/// <summary>What became of a node test.</summary>
internal enum CaseStatus
{
    /// <summary>Imported and computed: the case's outputs.</summary>
    Passed,

    /// <summary>The case ran on constants (shape arithmetic, weight preparation) and gave exactly the outputs.</summary>
    Folded,

    /// <summary>An operator at the end of the network whose result has the order of its input.</summary>
    Dropped,

    /// <summary>Refused with a message.</summary>
    Refused,

    /// <summary>The case's first dimension is no batch.</summary>
    NotApplicable,

    /// <summary>Other outputs than the case's.</summary>
    Failed,
}

/// <summary>The result of one node test.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Detail">The reason, where it did not pass.</param>
internal sealed record CaseResult(CaseStatus Status, string Detail = "")
{
    /// <summary>Attributes and operand forms that the case uses.</summary>
    public IReadOnlyList<string> Attributes { get; init; } = [];

    /// <summary>Codes compared in the integer reference.</summary>
    public int Codes { get; init; }

    /// <summary>Codes that differ by one step because the exact result lies halfway between two: ours go up, ONNX's to the even one.</summary>
    public int Ties { get; init; }

    /// <summary>A float case in 8-bit integers: the largest difference, in 255ths of the range of the case's outputs. Null where it was not run.</summary>
    public double? Steps { get; init; }
}

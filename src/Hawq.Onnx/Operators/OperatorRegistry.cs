namespace Hawq.Onnx.Operators;

/// <summary>All operators that the importer knows.</summary>
internal static class OperatorRegistry
{
    private static readonly IOperator[] s_all =
    [
        new AddOperator(),
        new AveragePoolOperator(),
        new BatchNormalizationOperator(),
        new ClipOperator(),
        new ConstantOperator(),
        new ConvOperator(),
        new FlattenOperator(),
        new GemmOperator(),
        new GlobalAveragePoolOperator(),
        new IdentityOperator(),
        new PadOperator(),
        new ReluOperator(),
        new ReshapeOperator(),
        new ShapeOperator(),
        new SliceOperator(),
    ];

    private static readonly Dictionary<string, IOperator> s_byName =
        s_all.SelectMany(op => op.OpTypes.Select(name => (name, op))).ToDictionary(pair => pair.name, pair => pair.op, StringComparer.Ordinal);

    /// <summary>Supported operator names in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_byName.Keys.Order(StringComparer.Ordinal)];

    public static IOperator? Find(string domain, string opType) => domain is "" or "ai.onnx" ? s_byName.GetValueOrDefault(opType) : null;
}

namespace Hawq.Onnx.Operators;

/// <summary>All operators that the importer knows.</summary>
internal static class OperatorRegistry
{
    private static readonly IOperator[] s_all =
    [
        new AddOperator(),
        new AveragePoolOperator(),
        new BatchNormalizationOperator(),
        new CastOperator(),
        new ClipOperator(),
        new ConcatOperator(),
        new ConstantOfShapeOperator(),
        new ConstantOperator(),
        new ConvOperator(),
        new ConvTransposeOperator(),
        new DequantizeLinearOperator(),
        new DivOperator(),
        new ExpandOperator(),
        new FinalOperator(),
        new FlattenOperator(),
        new GatherOperator(),
        new GeluOperator(),
        new GemmOperator(),
        new GlobalAveragePoolOperator(),
        new GlobalMaxPoolOperator(),
        new IdentityOperator(),
        new MatMulOperator(),
        new MaxMinOperator(),
        new MaxPoolOperator(),
        new MulOperator(),
        new PReluOperator(),
        new PadOperator(),
        new PowOperator(),
        new QuantizeLinearOperator(),
        new ReduceOperator(),
        new ReluOperator(),
        new ReshapeOperator(),
        new ResizeOperator(),
        new ShapeOperator(),
        new SliceOperator(),
        new SplitOperator(),
        new SqueezeOperator(),
        new SubOperator(),
        new TransposeOperator(),
        new UnaryOperator(),
        new UnsqueezeOperator(),
    ];

    private static readonly Dictionary<string, IOperator> s_byName =
        s_all.SelectMany(op => op.OpTypes.Select(name => (name, op))).ToDictionary(pair => pair.name, pair => pair.op, StringComparer.Ordinal);

    /// <summary>Supported operator names in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_byName.Keys.Order(StringComparer.Ordinal)];

    public static IOperator? Find(string domain, string opType) => domain is "" or "ai.onnx" ? s_byName.GetValueOrDefault(opType) : null;
}

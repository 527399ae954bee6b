namespace Hawq.Onnx.Import;

/// <summary>A per-tensor grid: real = Scale * (code - ZeroPoint), code in [Lo, Hi].</summary>
internal sealed record CodeGrid(float Scale, int ZeroPoint, int Lo, int Hi)
{
    /// <summary>What was added to the codes, per channel: they are positions in a table then, and no longer codes of the grid.</summary>
    public IReadOnlyList<long>? Offsets { get; init; }

    /// <summary>Codes whose grid only the DequantizeLinear behind them tells: results of a table.</summary>
    public static CodeGrid Unknown { get; } = new(0, 0, int.MinValue, int.MaxValue);
}

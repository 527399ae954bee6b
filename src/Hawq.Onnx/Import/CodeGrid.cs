namespace Hawq.Onnx.Import;

/// <summary>A per-tensor grid: real = Scale * (code - ZeroPoint), code in [Lo, Hi].</summary>
internal sealed record CodeGrid(float Scale, int ZeroPoint, int Lo, int Hi);

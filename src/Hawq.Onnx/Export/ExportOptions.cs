namespace Hawq.Onnx;

/// <summary>How a quantized network is written as ONNX.</summary>
/// <param name="Grid">Exact grids, or the INT8 twin.</param>
/// <param name="Input">What the graph input carries.</param>
public sealed record ExportOptions(ExportGrid Grid = ExportGrid.Exact, ExportInput Input = ExportInput.Real);

/// <summary>Which grids the exported tensors have.</summary>
public enum ExportGrid
{
    /// <summary>
    /// The manifest's own grids: 16-bit residuals and 4-bit weights in opset 21 types, and a Clip wherever the manifest's range is narrower
    /// than its type. Results differ from the manifest's only by rounding ties (ONNX rounds half to even).
    /// </summary>
    Exact,

    /// <summary>
    /// What a usual INT8 tool chain would write for this network: every activation u8, every weight s8, no extra requantization on the residual
    /// path, no Clip. ONNX Runtime fuses all of it into integer kernels: the peer of speed measurements, not of accuracy.
    /// </summary>
    Int8Twin,
}

/// <summary>What the input of an exported graph carries.</summary>
public enum ExportInput
{
    /// <summary>Preprocessed float values, as the source model takes them.</summary>
    Real,

    /// <summary>Unsigned 8-bit codes on the input tensor's grid (signed codes are shifted by 128): no float before the first layer.</summary>
    Codes,
}

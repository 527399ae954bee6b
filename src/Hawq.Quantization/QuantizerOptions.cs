using Hawq.Quantization.Calibration;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization;

/// <summary>What the quantizer is asked for.</summary>
public sealed record QuantizerOptions
{
    /// <summary>Bit-widths and grids; uniform 8/8 by default.</summary>
    public GridOptions Grids { get; init; } = new(new BitAssignment(LayerBits.Eight));

    /// <summary>Calibration of activations of more than 4 bits.</summary>
    public ActivationCalibrator Calibrator { get; init; } = new MinMaxCalibrator();

    /// <summary>Calibration of activations of 4 bits or fewer.</summary>
    public ActivationCalibrator LowBitCalibrator { get; init; } = new MseCalibrator();

    /// <summary>Room above the largest calibrated value on 16-bit grids: 2 costs one bit of fifteen and keeps unseen data from clamping.</summary>
    public double Headroom { get; init; } = 2;

    /// <summary>Largest number of inputs taken from the calibration set, from its start.</summary>
    public int CalibrationCount { get; init; } = 256;

    /// <summary>Class names for the manifest, or empty.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}

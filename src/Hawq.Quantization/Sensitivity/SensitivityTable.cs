using Hawq.Model;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Sensitivity;

/// <summary>Measured sensitivities of a network's layers: the objective of the bit search. Its file is described in src/docs/bit-search.md.</summary>
/// <param name="Network">Name of the network.</param>
/// <param name="ModelSha256">SHA-256 of the model file, or null in a file that was measured elsewhere.</param>
/// <param name="Data">Name of the data set, for people.</param>
/// <param name="Images">Number of images used.</param>
/// <param name="Key">SHA-256 over model, data and settings: a table is only continued under the same key. Null when measured elsewhere.</param>
/// <param name="Settings">How it was measured; the first is the metric.</param>
/// <param name="Layers">Layers measured so far, in execution order.</param>
public sealed record SensitivityTable(
    string Network, string? ModelSha256, string? Data, int Images, string? Key, EquatableArray<Setting> Settings, EquatableArray<LayerSensitivity> Layers);

/// <summary>Sensitivities of one layer.</summary>
/// <param name="Layer">Layer name.</param>
/// <param name="Options">One per option measured.</param>
/// <param name="WeightTrace">Hessian metric: trace over the weights.</param>
/// <param name="InputTrace">Hessian metric: second derivative along noise on the input, per unit of variance.</param>
public sealed record LayerSensitivity(
    string Layer, EquatableArray<OptionSensitivity> Options, TraceEstimate? WeightTrace = null, TraceEstimate? InputTrace = null)
{
    /// <summary>The value of an option, or null when it was not measured.</summary>
    public double? Value(LayerBits bits)
    {
        foreach (OptionSensitivity option in Options)
        {
            if (option.Bits == bits)
            {
                return option.Value;
            }
        }

        return null;
    }
}

/// <summary>Sensitivity of one layer to one option.</summary>
/// <param name="Bits">The option.</param>
/// <param name="Value">The metric: larger is worse.</param>
/// <param name="StandardError">Of the value over images (and probes), or null when unknown.</param>
public sealed record OptionSensitivity(LayerBits Bits, double Value, double? StandardError);

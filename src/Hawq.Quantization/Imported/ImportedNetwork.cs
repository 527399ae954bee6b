using Hawq.Model;
using Hawq.Quantization.Assembly;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Imported;

/// <summary>A network that came quantized, as integer layers: nothing is left to choose.</summary>
/// <param name="Lowered">Its layers.</param>
/// <param name="Grids">Tensors whose grid the model says. Branches of an addition are missing: theirs is the sum's.</param>
/// <param name="Weights">Codes, steps and bias of the layers with weights, by layer.</param>
/// <param name="Notes">Remarks for the user.</param>
internal sealed record ImportedNetwork(
    LoweredNetwork Lowered, IReadOnlyDictionary<string, Tensor> Grids, IReadOnlyDictionary<string, QuantizedLinear> Weights, IReadOnlyList<string> Notes);

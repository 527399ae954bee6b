using Hawq.Model;
using Hawq.Quantization.Engine;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Rounding;

/// <summary>
/// The demand that sums of products in int16 lanes hold for every window of so many steps, whatever the input codes are: a budget for the sums of the positive and of the
/// negative weights of a channel's windows. Judged by the facts that the planner proves kernels with.
/// </summary>
public sealed class LaneBudget
{
    private readonly LinearGeometry _geometry;
    private readonly Tensor _input;
    private readonly int _weightBits, _window;
    private readonly long _largestInput;

    private LaneBudget(LinearGeometry geometry, int weightBits, int window, Tensor input)
    {
        (_geometry, _weightBits, _window, _input) = (geometry, weightBits, window, input);

        // Kernels read unsigned bytes: codes below 0 are moved up.
        _largestInput = input.Lo < 0 ? (long)input.Hi - input.Lo : input.Hi;
    }

    /// <summary>The budget of a layer, or null when its bits demand none.</summary>
    internal static LaneBudget? Of(LoweredLinear layer, Tensor input) =>
        layer.Bits.Window == 0 ? null : new LaneBudget(layer.Geometry, layer.Bits.StoredWeights, layer.Bits.Window, input);

    /// <summary>The budget of a layer of a finished network, or null when it was quantized without such a demand.</summary>
    public static LaneBudget? Of(Network network, LinearLayer layer)
    {
        int window = AskedBits.Of(network, layer).Window;
        Tensor input = network.Tensor(layer.Input);
        return window == 0 ? null : new LaneBudget(LinearGeometry.Of(layer, input.Shape, network.Tensor(layer.Output).Shape), layer.Weights.Bits, window, input);
    }

    /// <inheritdoc cref="Holds(sbyte[])"/>
    internal bool Holds(ReadOnlySpan<float> codes)
    {
        sbyte[] row = new sbyte[codes.Length];
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = (sbyte)codes[i];
        }

        return Holds(row);
    }

    /// <summary>Whether the codes of one output channel keep within the budget.</summary>
    /// <param name="codes">In the order [kernel row][kernel column][input channel].</param>
    public bool Holds(sbyte[] codes)
    {
        WeightTensor one = new(0, _weightBits, 1, _geometry.Kernel.Height, _geometry.Kernel.Width, _geometry.InputChannels, EquatableArray.Of(1f));
        WeightFacts facts = WeightFactsCalculator.Compute(one, codes, EquatableArray.Of(0), _input, _geometry.Dilation.Width, _geometry.Groups);
        return !facts.Windows.Any(window => window.Steps <= _window && !Fits(window)); // depthwise kernels have no lanes
    }

    private bool Fits(LaneWindow window) => _largestInput * window.Positive <= short.MaxValue && _largestInput * window.Negative >= short.MinValue;
}

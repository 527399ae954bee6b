using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Engine;

namespace Hawq.Quantization.Lowering;

/// <summary>
/// A float network rewritten as the integer network's layers, before any scale or code is chosen: which tensors exist, what grid each lives
/// on, and which layer writes it. The same layers, run in float, are the float network.
/// </summary>
/// <param name="Graph">The float network.</param>
/// <param name="Input">Name of the input tensor.</param>
/// <param name="Outputs">Names of the output tensors.</param>
/// <param name="Tensors">Tensors by name.</param>
/// <param name="Layers">Layers in execution order.</param>
public sealed record LoweredNetwork(
    FloatGraph Graph, string Input, IReadOnlyList<string> Outputs, IReadOnlyDictionary<string, LoweredTensor> Tensors, IReadOnlyList<LoweredLayer> Layers)
{
    /// <summary>The layers with weights, in execution order.</summary>
    public IEnumerable<LoweredLinear> Linears => Layers.OfType<LoweredLinear>();

    /// <summary>The float values of the tensors that have a grid of their own; the same whatever bits the layers get.</summary>
    internal string[] OwnGrids => [.. Tensors.Values.Where(tensor => tensor.GridOf is null).Select(tensor => tensor.Value).Distinct()];
}

/// <summary>What a tensor is for; decides the form of its grid.</summary>
public enum TensorRole
{
    /// <summary>The network's input codes.</summary>
    Input,

    /// <summary>The input of layers with weights: 8 bits or fewer.</summary>
    Activation,

    /// <summary>A value on the residual grid (16 bits by default).</summary>
    Residual,

    /// <summary>A branch of one residual addition, requantized straight to the sum's grid and not clamped.</summary>
    Branch,

    /// <summary>An output of the network, 16 bits.</summary>
    Output,
}

/// <summary>A tensor of the integer network whose scale is not chosen yet.</summary>
/// <param name="Name">Unique name.</param>
/// <param name="Value">The float value that it stands for.</param>
/// <param name="Shape">Shape.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Bits">Nominal bits.</param>
/// <param name="RealLo">Lower bound of the real value known from the graph (0 after ReLU), or -infinity.</param>
/// <param name="RealHi">Upper bound known from the graph (6 after ReLU6), or +infinity.</param>
/// <param name="GridOf">The tensor whose scale it shares, or null when it has its own.</param>
public sealed record LoweredTensor(
    string Name, string Value, Shape Shape, TensorRole Role, int Bits, float RealLo, float RealHi, string? GridOf)
{
    /// <summary>
    /// Whether it joins other tensors, some of which are written on its grid: its scale must be known before they are, and comes from the float network.
    /// </summary>
    public bool Joined { get; init; }

    /// <summary>Whether its scale comes from the float network's statistics, also where the layers before it are quantized one after the other.</summary>
    public bool IsFloatGrid => GridOf is null && (Joined || Role is TensorRole.Residual or TensorRole.Output);

    /// <summary>Whether no negative value is possible.</summary>
    public bool Unsigned => RealLo >= 0;
}

/// <summary>A layer of the integer network whose scales and codes are not chosen yet.</summary>
/// <param name="Name">Unique name; the float node's where there is one.</param>
/// <param name="Output">Tensor that it writes.</param>
public abstract record LoweredLayer(string Name, string Output)
{
    /// <summary>Tensors that it reads.</summary>
    public abstract IReadOnlyList<string> Inputs { get; }
}

/// <summary>Convolution or fully connected layer, a following clamp fused in.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor.</param>
/// <param name="Output">Output tensor.</param>
/// <param name="IsConv">Convolution, or fully connected over the flattened input.</param>
/// <param name="Geometry">Shape of the computation; of a fully connected layer with a flattened input.</param>
/// <param name="Weights">[output channel][kernel row][kernel column][input channel of the group].</param>
/// <param name="Bias">Per output channel.</param>
/// <param name="Bits">Bit-widths.</param>
public sealed record LoweredLinear(
    string Name, string Input, string Output, bool IsConv, LinearGeometry Geometry, float[] Weights, float[] Bias, LayerBits Bits)
    : LoweredLayer(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}

/// <summary>Residual addition, a following clamp fused in.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="A">First branch.</param>
/// <param name="B">Second branch.</param>
/// <param name="Output">Sum.</param>
public sealed record LoweredAdd(string Name, string A, string B, string Output) : LoweredLayer(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [A, B];
}

/// <summary>Change of grid; in float a clamp to the output's real bounds.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor.</param>
/// <param name="Output">Output tensor.</param>
public sealed record LoweredRequantize(string Name, string Input, string Output) : LoweredLayer(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}

/// <summary>Mean over rows and columns.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor.</param>
/// <param name="Output">Output tensor.</param>
public sealed record LoweredGlobalAveragePool(string Name, string Input, string Output) : LoweredLayer(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}

/// <summary>A layer that only moves codes, so that its output shares its input's grid.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor.</param>
/// <param name="Output">Output tensor.</param>
/// <param name="Node">The float node: slice, pad, max pool, channel permutation, resize, or the zeros between pixels of a transposed convolution.</param>
public sealed record LoweredMove(string Name, string Input, string Output, FloatNode Node) : LoweredLayer(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}

using Hawq.Model;

namespace Hawq.Onnx;

/// <summary>
/// A float network in normal form: what the quantizer works on. Made by the importer from an ONNX file (operators checked, shapes
/// inferred, constants folded, BatchNormalization folded into the preceding convolution where there is one). Shapes leave
/// out the batch and are height x width x channels, whatever the ONNX layout; weights keep ONNX order (documented at each node).
/// </summary>
/// <param name="Name">Model name (file name without extension).</param>
/// <param name="Opset">Opset of the default ONNX domain.</param>
/// <param name="Sha256">Lower-case hexadecimal SHA-256 of the model file.</param>
/// <param name="Input">Name of the one input value.</param>
/// <param name="Outputs">Names of the output values.</param>
/// <param name="Nodes">Nodes in execution order.</param>
/// <param name="Shapes">Shape of every value (input and node outputs).</param>
/// <param name="Notes">Remarks for the user: what was dropped or rewritten.</param>
public sealed record FloatGraph(
    string Name,
    int Opset,
    string Sha256,
    string Input,
    IReadOnlyList<string> Outputs,
    IReadOnlyList<FloatNode> Nodes,
    IReadOnlyDictionary<string, Shape> Shapes,
    IReadOnlyList<string> Notes);

/// <summary>One node of a <see cref="FloatGraph"/>.</summary>
/// <param name="Name">Unique name: the ONNX node's, or its output's where it has none.</param>
/// <param name="Output">Name of the value it writes.</param>
public abstract record FloatNode(string Name, string Output)
{
    /// <summary>Names of the values it reads (constants excluded).</summary>
    public abstract IReadOnlyList<string> Inputs { get; }
}

/// <summary>Convolution, BatchNormalization folded in.</summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value.</param>
/// <param name="Weights">Weights in ONNX order [output channel][input channel of the group][kernel row][kernel column].</param>
/// <param name="Bias">Bias per output channel (zeros where the model has none).</param>
/// <param name="Kernel">Kernel rows and columns.</param>
/// <param name="Stride">Stride.</param>
/// <param name="Padding">Explicit padding (auto_pad resolved).</param>
/// <param name="Dilation">Dilation.</param>
/// <param name="Groups">Groups.</param>
public sealed record ConvNode(
    string Name, string Input, string Output, float[] Weights, float[] Bias, Size2 Kernel, Size2 Stride, Padding Padding, Size2 Dilation, int Groups)
    : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];

    /// <summary>
    /// Where the model came quantized: the step of the weights per output channel; every weight is a whole multiple of it, -128 to
    /// 127 steps from zero. Null for a float model.
    /// </summary>
    public float[]? WeightSteps { get; init; }
}

/// <summary>Fully connected layer: y = W x + b over the flattened input.</summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value, of any shape.</param>
/// <param name="Output">Output value, 1 x 1 x features.</param>
/// <param name="Weights">[output feature][input feature], where the input features are in ONNX's flattening order: channel, row, column.</param>
/// <param name="Bias">Bias per output feature.</param>
public sealed record GemmNode(string Name, string Input, string Output, float[] Weights, float[] Bias) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];

    /// <summary>
    /// Where the model came quantized: the step of the weights per output channel; every weight is a whole multiple of it, -128 to
    /// 127 steps from zero. Null for a float model.
    /// </summary>
    public float[]? WeightSteps { get; init; }
}

/// <summary>Clamp: Relu is [0, +infinity), ReLU6 is [0, 6].</summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value.</param>
/// <param name="Lo">Lower bound, may be -infinity.</param>
/// <param name="Hi">Upper bound, may be +infinity.</param>
public sealed record ClipNode(string Name, string Input, string Output, float Lo, float Hi) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}

/// <summary>Element-wise sum of two values of one shape.</summary>
/// <param name="Name">Node name.</param>
/// <param name="A">First value.</param>
/// <param name="B">Second value.</param>
/// <param name="Output">Output value.</param>
public sealed record AddNode(string Name, string A, string B, string Output) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [A, B];
}

/// <summary>Every step-th row and column and a range of channels; the output's shape says how many.</summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value.</param>
/// <param name="Start">First row and column.</param>
/// <param name="Step">Steps, at least 1.</param>
/// <param name="StartChannel">First channel.</param>
public sealed record SliceNode(string Name, string Input, string Output, Size2 Start, Size2 Step, int StartChannel) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}

/// <summary>Zero padding of rows, columns and channels.</summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value.</param>
/// <param name="Padding">Rows and columns.</param>
/// <param name="ChannelsBefore">Zero channels before the first.</param>
/// <param name="ChannelsAfter">Zero channels after the last.</param>
public sealed record PadNode(string Name, string Input, string Output, Padding Padding, int ChannelsBefore, int ChannelsAfter) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}

/// <summary>Mean over all rows and columns; output 1 x 1 x C.</summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value.</param>
public sealed record GlobalAveragePoolNode(string Name, string Input, string Output) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];
}

using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Engine;

namespace Hawq.Quantization.Lowering;

/// <summary>Zeros between rows and columns: the first half of a transposed convolution.</summary>
/// <param name="Name">Node name.</param>
/// <param name="Input">Input value.</param>
/// <param name="Output">Output value.</param>
/// <param name="Step">Distance of rows and columns.</param>
internal sealed record SpreadNode(string Name, string Input, string Output, Size2 Step) : FloatNode(Name, Output)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inputs => [Input];

    /// <summary>A transposed convolution whose kernel is a single 1 per channel spreads and does nothing else; null for any other node.</summary>
    public static SpreadNode? Of(FloatNode node) =>
        node is ConvTransposeNode conv && conv.Groups == conv.Weights.Length && conv.Bias.Length == conv.Groups && conv.Kernel == new Size2(1, 1) &&
        conv.Padding == default && conv.Weights.All(weight => weight == 1) && conv.Bias.All(bias => bias == 0)
            ? new SpreadNode(conv.Name, conv.Input, conv.Output, conv.Stride)
            : null;
}

/// <summary>A transposed convolution as zeros between the pixels and a convolution of stride 1 with the kernel turned by 180 degrees.</summary>
/// <param name="Spread">Puts the zeros; null where there are none to put.</param>
/// <param name="Linear">The convolution behind it.</param>
internal sealed record TransposedGeometry(SpreadNode? Spread, LinearGeometry Linear)
{
    /// <exception cref="HawqException"><see cref="HawqIds.Calibration"/>: more is cut off than the kernel reaches.</exception>
    public static TransposedGeometry Of(ConvTransposeNode node, Shape from, Shape to)
    {
        Shape spread = new(((from.Height - 1) * node.Stride.Height) + 1, ((from.Width - 1) * node.Stride.Width) + 1, from.Channels);
        Size2 reach = new((node.Kernel.Height - 1) * node.Dilation.Height, (node.Kernel.Width - 1) * node.Dilation.Width);
        int top = reach.Height - node.Padding.Top, left = reach.Width - node.Padding.Left;
        Padding padding = new(top, left, to.Height - spread.Height - top + reach.Height, to.Width - spread.Width - left + reach.Width);
        if (padding.Top < 0 || padding.Left < 0 || padding.Bottom < 0 || padding.Right < 0)
        {
            throw new HawqException(
                HawqIds.Calibration,
                $"The transposed convolution '{node.Name}' cuts off more than its kernel of {node.Kernel} reaches (pads {node.Padding}). Use smaller pads, and a Slice behind it.");
        }

        string name = $"{node.Name}.spread";
        return new TransposedGeometry(
            spread == from ? null : new SpreadNode(name, node.Input, name, node.Stride),
            new LinearGeometry(spread, to, node.Kernel, new Size2(1, 1), padding, node.Dilation, node.Groups));
    }
}

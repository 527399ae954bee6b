using Hawq.Model;

namespace Hawq.Quantization.Engine;

/// <summary>What a convolution or a fully connected layer (a 1 x 1 convolution over a 1 x 1 image) looks like.</summary>
/// <param name="Input">Input shape.</param>
/// <param name="Output">Output shape.</param>
/// <param name="Kernel">Kernel rows and columns.</param>
/// <param name="Stride">Stride.</param>
/// <param name="Padding">Zero padding.</param>
/// <param name="Dilation">Dilation.</param>
/// <param name="Groups">Channel groups.</param>
public sealed record LinearGeometry(Shape Input, Shape Output, Size2 Kernel, Size2 Stride, Padding Padding, Size2 Dilation, int Groups)
{
    /// <summary>Input channels that one output channel sees.</summary>
    public int InputChannels => Input.Channels / Groups;

    /// <summary>Weights per output channel, K.</summary>
    public int PerChannel => Kernel.Height * Kernel.Width * InputChannels;

    /// <summary>Multiply-accumulates per image.</summary>
    public long MultiplyAccumulates => (long)Output.Length * PerChannel;

    /// <summary>Whether every output channel sees one input channel of its own.</summary>
    public bool IsDepthwise => Groups > 1 && InputChannels == 1 && Output.Channels == Groups;

    /// <summary>A fully connected layer.</summary>
    public static LinearGeometry FullyConnected(int inputs, int outputs) => new(
        new Shape(1, 1, inputs), new Shape(1, 1, outputs), new Size2(1, 1), new Size2(1, 1), default, new Size2(1, 1), 1);

    /// <summary>The geometry of a quantized layer.</summary>
    public static LinearGeometry Of(LinearLayer layer, Shape input, Shape output) => layer is ConvLayer conv
        ? new(input, output, new Size2(conv.Weights.KernelHeight, conv.Weights.KernelWidth), conv.Stride, conv.Padding, conv.Dilation, conv.Groups)
        : FullyConnected(input.Length, output.Length);
}

using Hawq.Model;

namespace Hawq.Onnx.Export;

/// <summary>A spread and the convolution behind it, as ONNX's ConvTranspose.</summary>
/// <param name="Cut">Rows and columns cut off (ONNX: pads), not negative.</param>
/// <param name="OutputPadding">Rows and columns added at the end.</param>
internal sealed record TransposedConvolution(Padding Cut, Size2 OutputPadding)
{
    /// <summary>The spreads that can be written so, by output: read only by one convolution of stride 1, whose scales lie along one axis of ONNX's weights.</summary>
    public static Dictionary<string, SpreadLayer> Find(Network network)
    {
        ILookup<string, Layer> readers = network.Layers.SelectMany(layer => layer.Inputs.Select(input => (input, layer))).ToLookup(pair => pair.input, pair => pair.layer);
        return network.Layers.OfType<SpreadLayer>()
            .Where(spread => !network.Outputs.Contains(spread.Output) && readers[spread.Output].ToArray() is [ConvLayer conv] && IsPossible(spread, conv))
            .ToDictionary(spread => spread.Output);
    }

    /// <summary>Pads of both ends.</summary>
    public static TransposedConvolution Of(SpreadLayer spread, ConvLayer conv)
    {
        int height = (conv.Weights.KernelHeight - 1) * conv.Dilation.Height, width = (conv.Weights.KernelWidth - 1) * conv.Dilation.Width;
        int bottom = height - conv.Padding.Bottom, right = width - conv.Padding.Right;
        return new TransposedConvolution(
            new Padding(height - conv.Padding.Top, width - conv.Padding.Left, Math.Max(bottom, 0), Math.Max(right, 0)),
            new Size2(Math.Max(-bottom, 0), Math.Max(-right, 0)));
    }

    private static bool IsPossible(SpreadLayer spread, ConvLayer conv)
    {
        TransposedConvolution transposed = Of(spread, conv);
        return conv.Stride == new Size2(1, 1)
            && (conv.Groups == 1 || (conv.Weights.InputChannels == 1 && conv.OutputChannels == conv.Groups))
            && transposed.Cut is { Top: >= 0, Left: >= 0 }
            && transposed.OutputPadding.Height < Math.Max(spread.Step.Height, conv.Dilation.Height)
            && transposed.OutputPadding.Width < Math.Max(spread.Step.Width, conv.Dilation.Width);
    }
}

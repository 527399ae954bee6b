using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>
/// An image whose ONNX view is [1, C, H, W] or, in networks that came from TensorFlow, [1, H, W, C]: operators with axes work on
/// either and give the result in the same view.
/// </summary>
/// <param name="Image">The value seen as [1, C, H, W].</param>
/// <param name="Axes">For each dimension of the ONNX view, which of [batch, channel, row, column] (0 to 3) it is.</param>
internal sealed record ImageView(Activation Image, IReadOnlyList<int> Axes)
{
    public static IReadOnlyList<int> ChannelsFirst { get; } = [0, 1, 2, 3];

    private static readonly int[] s_channelsLast = [0, 2, 3, 1];

    /// <summary>The view's meaning, or null when it is neither layout.</summary>
    public static ImageView? Of(Activation activation)
    {
        if (activation.IsImage)
        {
            return new ImageView(activation, ChannelsFirst);
        }

        if (activation.Rank == 4 && activation.Transposed([0, 3, 1, 2]) is { IsImage: true } image)
        {
            return new ImageView(image, s_channelsLast);
        }

        if (OfLine(activation) is { } line)
        {
            return line;
        }

        // [1, features] is an image of one row and one column.
        return activation.Rank == 2 && activation.ChannelAxis == 1 && activation.Shape is { Height: 1, Width: 1 }
            ? new ImageView(Activation.Image(activation.Name, activation.Shape), [0, 1])
            : null;
    }

    /// <summary>A value seen as [1, C, W] with one row, or null.</summary>
    public static ImageView? OfLine(Activation activation) =>
        activation.Rank == 3 && activation.Shape.Height == 1 && activation.Reshaped([.. activation.Dims[..2], 1, activation.Dims[2]]) is { IsImage: true } image
            ? new ImageView(image, [0, 1, 3])
            : null;

    /// <summary>Whether the view has columns only.</summary>
    public bool IsLine => Axes.Count == 3;

    /// <summary>A result, given as [1, C, H, W], in the layout of this view.</summary>
    public Activation Restore(Activation image) => Axes.Count == 4
        ? image.Transposed(Axes)
        : image.Reshaped([.. Axes.Select(axis => image.Dims[axis])])!;
}

using Hawq.Model;

namespace Hawq.Testing.Onnx;

/// <summary>Element orders: ONNX has channels, rows, columns; networks have rows, columns, channels.</summary>
public static class Order
{
    public static T[] ChannelsLast<T>(T[] values, Shape shape)
    {
        int plane = shape.Height * shape.Width;
        return [.. Enumerable.Range(0, values.Length).Select(i => values[(i % shape.Channels * plane) + (i / shape.Channels)])];
    }

    public static T[] ChannelsFirst<T>(T[] values, Shape shape)
    {
        int plane = shape.Height * shape.Width;
        return [.. Enumerable.Range(0, values.Length).Select(i => values[(i % plane * shape.Channels) + (i / plane)])];
    }

    /// <summary>Codes in the order row, column, channel as real values in ONNX's order.</summary>
    public static float[] RealChannelsFirst(Tensor tensor, int[] codes) => [.. ChannelsFirst(codes, tensor.Shape).Select(code => tensor.Scale * (code - tensor.ZeroPoint))];
}

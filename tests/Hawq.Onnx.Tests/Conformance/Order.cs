using Hawq.Model;

namespace Hawq.Onnx.Tests.Conformance;

/// <summary>Element orders: ONNX has channels, rows, columns; networks have rows, columns, channels.</summary>
internal static class Order
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
}

using Hawq.Model;

namespace Hawq.Onnx.Operators;

/// <summary>Checks of pooling windows.</summary>
internal static class PoolWindows
{
    /// <summary>Refuses a pooling whose window holds nothing but padding: its result would be minus infinity, or 0 / 0.</summary>
    public static void CheckNotEmpty(NodeContext node, Window window, Shape input)
    {
        if (IsEmpty(window.Output.Height, window.Stride.Height, window.Padding.Top, window.Kernel.Height, window.Dilation.Height, input.Height) ||
            IsEmpty(window.Output.Width, window.Stride.Width, window.Padding.Left, window.Kernel.Width, window.Dilation.Width, input.Width))
        {
            throw node.Invalid($"a window of {window.Kernel} (padding {window.Padding}, stride {window.Stride}) lies in the padding of its input {input}");
        }
    }

    private static bool IsEmpty(int outputs, int stride, int before, int kernel, int dilation, int input)
    {
        for (int i = 0; i < outputs; i++)
        {
            long start = ((long)i * stride) - before;
            long firstTap = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
            if (firstTap >= kernel || start + (firstTap * dilation) >= input)
            {
                return true;
            }
        }

        return false;
    }
}

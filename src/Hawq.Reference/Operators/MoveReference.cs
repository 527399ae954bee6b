using Hawq.Model;

namespace Hawq.Reference;

internal static class MoveReference
{
    public static void Run(PermuteLayer layer, TensorValue input, int[] codes)
    {
        int channels = input.Tensor.Shape.Channels;
        for (int i = 0; i < codes.Length; i++)
        {
            int c = i % channels;
            codes[i] = input.Codes[i - c + layer.Source[c]];
        }
    }

    public static void Run(ResizeLayer layer, TensorValue input, Tensor output, int[] codes)
    {
        Shape from = input.Tensor.Shape;
        int next = 0;
        for (int y = 0; y < output.Shape.Height; y++)
        {
            for (int x = 0; x < output.Shape.Width; x++)
            {
                for (int c = 0; c < from.Channels; c++)
                {
                    codes[next++] = input.Codes[((((y / layer.Factor.Height) * from.Width) + (x / layer.Factor.Width)) * from.Channels) + c];
                }
            }
        }
    }

    public static void Run(SpreadLayer layer, TensorValue input, Tensor output, int[] codes)
    {
        Shape from = input.Tensor.Shape;
        Array.Fill(codes, output.ZeroPoint);
        for (int y = 0; y < from.Height; y++)
        {
            for (int x = 0; x < from.Width; x++)
            {
                for (int c = 0; c < from.Channels; c++)
                {
                    int pixel = (y * layer.Step.Height * output.Shape.Width) + (x * layer.Step.Width);
                    codes[(pixel * from.Channels) + c] = input.Codes[(((y * from.Width) + x) * from.Channels) + c];
                }
            }
        }
    }
}

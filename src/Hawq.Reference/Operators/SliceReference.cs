using Hawq.Model;

namespace Hawq.Reference;

internal static class SliceReference
{
    public static void Run(SliceLayer layer, TensorValue input, Tensor output, int[] codes)
    {
        Shape from = input.Tensor.Shape;
        int next = 0;
        for (int y = 0; y < output.Shape.Height; y++)
        {
            for (int x = 0; x < output.Shape.Width; x++)
            {
                int row = layer.Start.Height + (y * layer.Step.Height);
                int column = layer.Start.Width + (x * layer.Step.Width);
                int first = (((row * from.Width) + column) * from.Channels) + layer.StartChannel;
                for (int c = 0; c < output.Shape.Channels; c++)
                {
                    codes[next++] = input.Codes[first + c];
                }
            }
        }
    }
}

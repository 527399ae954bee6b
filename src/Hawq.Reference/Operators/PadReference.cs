using Hawq.Model;

namespace Hawq.Reference;

internal static class PadReference
{
    public static void Run(PadLayer layer, TensorValue input, Tensor output, int[] codes)
    {
        Shape from = input.Tensor.Shape;
        Shape to = output.Shape;
        Array.Fill(codes, output.ZeroPoint);
        int next = 0;
        for (int y = 0; y < from.Height; y++)
        {
            for (int x = 0; x < from.Width; x++)
            {
                int first = ((((y + layer.Padding.Top) * to.Width) + x + layer.Padding.Left) * to.Channels) + layer.ChannelsBefore;
                for (int c = 0; c < from.Channels; c++)
                {
                    codes[first + c] = input.Codes[next++];
                }
            }
        }
    }
}

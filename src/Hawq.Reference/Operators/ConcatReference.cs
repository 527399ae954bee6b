using Hawq.Model;

namespace Hawq.Reference;

internal static class ConcatReference
{
    public static void Run(ConcatLayer layer, IReadOnlyList<TensorValue> parts, Tensor output, int[] codes)
    {
        int next = 0;
        for (int pixel = 0; pixel < output.Shape.Height * output.Shape.Width; pixel++)
        {
            for (int p = 0; p < parts.Count; p++)
            {
                Tensor part = parts[p].Tensor;
                for (int c = 0; c < part.Shape.Channels; c++)
                {
                    int value = checked(parts[p].Codes[(pixel * part.Shape.Channels) + c] - part.ZeroPoint);
                    codes[next++] = Rounding.ToCode(Rounding.Scale(value, layer.Requantize[p]), output);
                }
            }
        }
    }
}

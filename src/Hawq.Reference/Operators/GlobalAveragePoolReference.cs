using Hawq.Model;

namespace Hawq.Reference;

internal static class GlobalAveragePoolReference
{
    public static void Run(GlobalAveragePoolLayer layer, TensorValue input, Tensor output, int[] codes)
    {
        int channels = input.Tensor.Shape.Channels;
        for (int c = 0; c < channels; c++)
        {
            int sum = 0;
            for (int i = c; i < input.Codes.Length; i += channels)
            {
                sum = checked(sum + input.Codes[i] - input.Tensor.ZeroPoint);
            }

            codes[c] = Rounding.ToCode(Rounding.Scale(sum, layer.Requantize), output);
        }
    }
}

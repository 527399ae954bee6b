using Hawq.Model;

namespace Hawq.Reference;

internal static class GemmReference
{
    public static void Run(GemmLayer layer, sbyte[] weights, TensorValue input, Tensor output, int[] codes)
    {
        int[] values = new int[input.Codes.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = checked(input.Codes[i] - input.Tensor.ZeroPoint);
        }

        for (int o = 0; o < codes.Length; o++)
        {
            int accumulator = DotProduct.Accumulate(layer.Bias[o], weights, o * layer.Weights.PerChannel, values);
            codes[o] = Rounding.ToCode(Rounding.Scale(accumulator, layer.Requantize[o]), output);
        }
    }
}

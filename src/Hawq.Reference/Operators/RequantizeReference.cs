using Hawq.Model;

namespace Hawq.Reference;

internal static class RequantizeReference
{
    public static void Run(RequantizeLayer layer, TensorValue input, Tensor output, int[] codes)
    {
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = Rounding.ToCode(Rounding.Scale(checked(input.Codes[i] - input.Tensor.ZeroPoint), layer.Requantize), output);
        }
    }
}

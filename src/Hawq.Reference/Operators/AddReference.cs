using Hawq.Model;

namespace Hawq.Reference;

internal static class AddReference
{
    public static void Run(AddLayer layer, TensorValue a, TensorValue b, Tensor output, int[] codes)
    {
        for (int i = 0; i < codes.Length; i++)
        {
            int left = Rounding.Scale(checked(a.Codes[i] - a.Tensor.ZeroPoint), layer.RequantizeA);
            int right = Rounding.Scale(checked(b.Codes[i] - b.Tensor.ZeroPoint), layer.RequantizeB);
            codes[i] = Rounding.ToCode(checked(left + right), output);
        }
    }
}

using Hawq.Model;

namespace Hawq.Reference;

internal static class ElementwiseReference
{
    public static void Run(LookupLayer layer, TensorValue input, int[] codes)
    {
        for (int i = 0; i < codes.Length; i++)
        {
            EquatableArray<int> table = layer.Tables[layer.Tables.Count == 1 ? 0 : i % input.Tensor.Shape.Channels];
            codes[i] = table[input.Codes[i] - input.Tensor.Lo];
        }
    }

    public static void Run(MulLayer layer, TensorValue a, TensorValue b, Tensor output, int[] codes)
    {
        for (int i = 0; i < codes.Length; i++)
        {
            int left = checked(a.Codes[i] - a.Tensor.ZeroPoint);
            int right = checked(b.Codes[i % b.Codes.Length] - b.Tensor.ZeroPoint); // 1 x 1 x C repeats with every pixel
            codes[i] = Rounding.ToCode(Rounding.Scale(checked(left * right), layer.Requantize), output);
        }
    }

    public static void Run(SubLayer layer, TensorValue a, TensorValue b, Tensor output, int[] codes)
    {
        for (int i = 0; i < codes.Length; i++)
        {
            int left = Rounding.Scale(checked(a.Codes[i] - a.Tensor.ZeroPoint), layer.RequantizeA);
            int right = Rounding.Scale(checked(b.Codes[i] - b.Tensor.ZeroPoint), layer.RequantizeB);
            codes[i] = Rounding.ToCode(checked(left - right), output);
        }
    }
}

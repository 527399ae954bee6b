using Hawq.Model;

namespace Hawq.Reference;

internal static class PoolReference
{
    public static void Run(MaxPoolLayer layer, TensorValue input, int[] codes, Shape output)
    {
        int next = 0;
        ForEachWindow(input.Tensor.Shape, output, layer.Kernel, layer.Stride, layer.Padding, layer.Dilation, taps =>
        {
            int largest = input.Codes[taps[0]];
            foreach (int tap in taps)
            {
                largest = Math.Max(largest, input.Codes[tap]);
            }

            codes[next++] = largest;
        });
    }

    public static void Run(AveragePoolLayer layer, TensorValue input, Tensor output, int[] codes)
    {
        int next = 0;
        ForEachWindow(input.Tensor.Shape, output.Shape, layer.Kernel, layer.Stride, layer.Padding, new Size2(1, 1), taps =>
        {
            int sum = 0;
            foreach (int tap in taps)
            {
                sum = checked(sum + input.Codes[tap] - input.Tensor.ZeroPoint);
            }

            Dyadic requantize = layer.Divisors.Count == 1 ? layer.Divisors[0].Requantize : layer.Divisors.Single(d => d.Count == taps.Count).Requantize;
            codes[next++] = Rounding.ToCode(Rounding.Scale(sum, requantize), output);
        });
    }

    // Indices of the elements inside the input that each output sees, for one output after the other.
    private static void ForEachWindow(Shape input, Shape output, Size2 kernel, Size2 stride, Padding padding, Size2 dilation, Action<List<int>> visit)
    {
        List<int> taps = [];
        for (int y = 0; y < output.Height; y++)
        {
            for (int x = 0; x < output.Width; x++)
            {
                for (int c = 0; c < output.Channels; c++)
                {
                    taps.Clear();
                    for (int r = 0; r < kernel.Height; r++)
                    {
                        for (int s = 0; s < kernel.Width; s++)
                        {
                            int row = (y * stride.Height) - padding.Top + (r * dilation.Height);
                            int column = (x * stride.Width) - padding.Left + (s * dilation.Width);
                            if (row >= 0 && row < input.Height && column >= 0 && column < input.Width)
                            {
                                taps.Add((((row * input.Width) + column) * input.Channels) + c);
                            }
                        }
                    }

                    visit(taps);
                }
            }
        }
    }
}

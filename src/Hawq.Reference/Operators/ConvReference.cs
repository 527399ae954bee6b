using Hawq.Model;

namespace Hawq.Reference;

internal static class ConvReference
{
    public static void Run(ConvLayer layer, sbyte[] weights, TensorValue input, Tensor output, int[] codes)
    {
        WeightTensor kernel = layer.Weights;
        int outputsPerGroup = kernel.OutputChannels / layer.Groups;
        int[] patch = new int[kernel.PerChannel];
        int next = 0;
        for (int y = 0; y < output.Shape.Height; y++)
        {
            for (int x = 0; x < output.Shape.Width; x++)
            {
                for (int group = 0; group < layer.Groups; group++)
                {
                    Gather(layer, input, y, x, group, patch);
                    for (int o = group * outputsPerGroup; o < (group + 1) * outputsPerGroup; o++)
                    {
                        int accumulator = DotProduct.Accumulate(layer.Bias[o], weights, o * kernel.PerChannel, patch);
                        codes[next++] = Rounding.ToCode(Rounding.Scale(accumulator, layer.Requantize[o]), output);
                    }
                }
            }
        }
    }

    // What one output sees of one group: codes relative to the zero point, in the order of the weights; 0 in the padding.
    private static void Gather(ConvLayer layer, TensorValue input, int outputY, int outputX, int group, int[] patch)
    {
        Shape shape = input.Tensor.Shape;
        int next = 0;
        for (int r = 0; r < layer.Weights.KernelHeight; r++)
        {
            int y = (outputY * layer.Stride.Height) - layer.Padding.Top + (r * layer.Dilation.Height);
            for (int s = 0; s < layer.Weights.KernelWidth; s++)
            {
                int x = (outputX * layer.Stride.Width) - layer.Padding.Left + (s * layer.Dilation.Width);
                bool inside = y >= 0 && y < shape.Height && x >= 0 && x < shape.Width;
                int first = (((y * shape.Width) + x) * shape.Channels) + (group * layer.Weights.InputChannels);
                for (int c = 0; c < layer.Weights.InputChannels; c++)
                {
                    patch[next++] = inside ? checked(input.Codes[first + c] - input.Tensor.ZeroPoint) : 0;
                }
            }
        }
    }
}

using Hawq.Model;
using Hawq.Quantization.Data;

namespace Hawq.Quantization.Assembly;

/// <summary>Tables from image bytes to input codes.</summary>
internal static class PixelTables
{
    /// <summary>code = clamp(floor(value / scale + 1/2)), one table of 256 per channel.</summary>
    public static EquatableArray<EquatableArray<int>> Make(Preprocess preprocess, Tensor input)
    {
        float[][] values = Preprocessing.ByteValues(preprocess, input.Shape.Channels);
        EquatableArray<int>[] tables = new EquatableArray<int>[values.Length];
        for (int c = 0; c < values.Length; c++)
        {
            int[] codes = new int[256];
            Engine.NetworkRunner.Encode(input, values[c], codes);
            tables[c] = codes;
        }

        return tables;
    }
}

using Hawq.Model;
using Hawq.Quantization.Data;
using Hawq.Quantization.Engine;

namespace Hawq.Cli;

/// <summary>Inputs of a network out of a data set.</summary>
internal static class NetworkInputs
{
    /// <summary>What the caller of generated code passes: image bytes where the network has pixel tables, else codes; row, column, channel.</summary>
    public static int[] Read(Network network, IDataSet data, int index)
    {
        int[] codes = new int[data.Shape.Length];
        if (network.Input.PixelTables.Count > 0)
        {
            byte[] pixels = new byte[codes.Length];
            data.ReadPixels(index, pixels);
            Array.Copy(pixels, codes, codes.Length);
        }
        else
        {
            float[] values = new float[codes.Length];
            data.ReadValues(index, values);
            NetworkRunner.Encode(network.Tensor(network.Input.Tensor), values, codes);
        }

        return codes;
    }
}

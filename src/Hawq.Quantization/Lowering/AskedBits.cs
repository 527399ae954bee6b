using Hawq.Model;

namespace Hawq.Quantization.Lowering;

/// <summary>The options that the layers of a finished network were quantized as, read from the settings in its manifest.</summary>
public static class AskedBits
{
    /// <summary>
    /// The option of a layer: what the most specific setting says (of the layer, of first or last, of all). It adds to the bits that the network itself shows whether there
    /// is a demand on the sums; where the settings do not fit the network (a manifest from elsewhere), the bits of the network.
    /// </summary>
    public static LayerBits Of(Network network, LinearLayer layer)
    {
        LayerBits bits = new(layer.Weights.Bits, network.Tensor(layer.Input).Bits);
        IEnumerable<string> names = ["set " + layer.Name];
        names = layer.Input == network.Input.Tensor ? names.Append("first") : names;
        names = network.Outputs.Contains(layer.Output) ? names.Append("last") : names;
        return names.Append("bits")
            .SelectMany(name => network.Provenance.Settings.Where(setting => setting.Name == name))
            .Select(setting => LayerBits.TryParse(setting.Value)).OfType<LayerBits>()
            .FirstOrDefault(asked => asked.StoredWeights == bits.Weights && asked.Activations == bits.Activations, bits);
    }
}

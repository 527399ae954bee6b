using Hawq.Model;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Json;

/// <summary>Bit-widths in JSON files.</summary>
internal static class JsonBits
{
    /// <summary>Reads <c>"4/8"</c>.</summary>
    public static LayerBits Read(JsonValue value)
    {
        try
        {
            return LayerBits.Parse(value.AsText());
        }
        catch (HawqException error) when (error.Id == HawqIds.Usage)
        {
            throw value.Error(error.Message);
        }
    }
}

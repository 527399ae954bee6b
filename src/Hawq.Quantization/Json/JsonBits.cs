using Hawq.Model;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Json;

/// <summary>Bit-widths in JSON files.</summary>
internal static class JsonBits
{
    /// <summary>Reads <c>"4/8"</c>.</summary>
    public static LayerBits Read(JsonValue value) => Parse(value.AsText(), value);

    /// <summary>Reads part of a string.</summary>
    public static LayerBits Parse(string text, JsonValue value)
    {
        try
        {
            return LayerBits.Parse(text);
        }
        catch (HawqException error) when (error.Id == HawqIds.Usage)
        {
            throw value.Error(error.Message);
        }
    }
}

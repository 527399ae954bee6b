using System.Text;
using System.Text.Json;
using Hawq.Quantization.Json;

namespace Hawq.Quantization.Cards;

/// <summary>A quantization card as JSON: sections of fields, and the layers.</summary>
public static class CardJson
{
    /// <summary>Renders; the same card gives the same text.</summary>
    public static string Render(QuantizationCard card) => Encoding.UTF8.GetString(JsonText.Object(writer =>
    {
        writer.WriteString("network", card.Network);
        foreach (CardSection section in card.Sections)
        {
            writer.WriteStartObject(section.Name);
            foreach (CardField field in section.Fields)
            {
                writer.WriteString(field.Name, field.Value);
            }

            writer.WriteEndObject();
        }

        writer.WriteStartArray("layers");
        foreach (CardLayer layer in card.Layers)
        {
            writer.WriteStartObject();
            writer.WriteString("name", layer.Name);
            writer.WriteString("op", layer.Op);
            writer.WriteNumber("weightBits", layer.WeightBits);
            writer.WriteNumber("inputBits", layer.InputBits);
            writer.WriteString("inputType", layer.InputType);
            writer.WriteNumber("clipLow", layer.ClipLow);
            writer.WriteNumber("clipHigh", layer.ClipHigh);
            writer.WriteNumber("weights", layer.Weights);
            writer.WriteNumber("macs", layer.Macs);
            writer.WriteNumber("bops", layer.Bops);
            writer.WriteNumber("accumulatorLo", layer.AccumulatorLo);
            writer.WriteNumber("accumulatorHi", layer.AccumulatorHi);
            Optional(writer, "sqnrDb", layer.SqnrDb);
            Optional(writer, "sensitivity", layer.Sensitivity);
            Optional(writer, "nanoseconds", layer.Nanoseconds);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }));

    private static void Optional(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is double number && double.IsFinite(number))
        {
            writer.WriteNumber(name, number);
        }
    }
}

using System.Text.Json;
using Hawq.Model;
using Hawq.Quantization.Json;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Sensitivity;

/// <summary>Reads and writes <c>sensitivity.json</c>. Written canonically (same table, same bytes), read strictly.</summary>
public static class SensitivityFile
{
    /// <summary>Value of the field <c>format</c>.</summary>
    public const string Format = "hawq-sensitivity/1";

    /// <summary>Reads a file, written by this tool or by another.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.BitSearchFile"/> with line and column, or <see cref="HawqIds.FileAccess"/>.</exception>
    public static SensitivityTable Read(string path) => Read(JsonFile.Read(path, HawqIds.BitSearchFile));

    /// <summary>Reads UTF-8 text.</summary>
    /// <inheritdoc cref="Read(string)"/>
    public static SensitivityTable Parse(byte[] utf8, string name) => Read(JsonFile.Parse(utf8, name, HawqIds.BitSearchFile));

    /// <summary>The bytes of a file.</summary>
    public static byte[] Serialize(SensitivityTable table) => JsonText.Object(writer =>
    {
        writer.WriteString("format", Format);
        writer.WriteString("network", table.Network);
        Optional(writer, "modelSha256", table.ModelSha256);
        Optional(writer, "data", table.Data);
        writer.WriteNumber("images", table.Images);
        Optional(writer, "key", table.Key);
        writer.WriteStartObject("settings");
        foreach (Setting setting in table.Settings)
        {
            writer.WriteString(setting.Name, setting.Value);
        }

        writer.WriteEndObject();
        writer.WriteStartArray("layers");
        foreach (LayerSensitivity layer in table.Layers)
        {
            Write(writer, layer);
        }

        writer.WriteEndArray();
    });

    private static void Write(Utf8JsonWriter writer, LayerSensitivity layer)
    {
        writer.WriteStartObject();
        writer.WriteString("layer", layer.Layer);
        Trace(writer, "weightTrace", layer.WeightTrace);
        Trace(writer, "inputTrace", layer.InputTrace);
        writer.WriteStartArray("options");
        foreach (OptionSensitivity option in layer.Options)
        {
            writer.WriteStartObject();
            writer.WriteString("bits", option.Bits.ToString());
            writer.WriteNumber("value", option.Value);
            if (option.StandardError is double error)
            {
                writer.WriteNumber("standardError", error);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Trace(Utf8JsonWriter writer, string name, TraceEstimate? trace)
    {
        if (trace is not null)
        {
            writer.WriteStartObject(name);
            writer.WriteNumber("trace", trace.Trace);
            writer.WriteNumber("standardError", trace.StandardError);
            writer.WriteNumber("rounds", trace.Rounds);
            writer.WriteEndObject();
        }
    }

    private static void Optional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    private static SensitivityTable Read(JsonFile file)
    {
        JsonFields root = file.Root.AsObject();
        JsonValue format = root["format"];
        if (format.AsText() != Format)
        {
            throw format.Error($"The format must be '{Format}'.");
        }

        List<Setting> settings = [];
        foreach ((string name, _, JsonValue value) in root.Optional("settings") is JsonValue given ? given.AsObject().Value.Fields : [])
        {
            settings.Add(new Setting(name, value.AsText()));
        }

        List<LayerSensitivity> layers = [];
        HashSet<string> names = [];
        foreach (JsonValue item in root["layers"].AsArray())
        {
            LayerSensitivity layer = ReadLayer(item);
            if (!names.Add(layer.Layer))
            {
                throw item.Error($"The layer '{layer.Layer}' is given twice.");
            }

            layers.Add(layer);
        }

        SensitivityTable table = new(
            root["network"].AsText(), root.Optional("modelSha256")?.AsText(), root.Optional("data")?.AsText(), (int)(root.Optional("images")?.AsWhole(0, int.MaxValue) ?? 0),
            root.Optional("key")?.AsText(), settings.ToEquatableArray(), layers.ToEquatableArray());
        root.End();
        return table;
    }

    private static LayerSensitivity ReadLayer(JsonValue value)
    {
        JsonFields fields = value.AsObject();
        List<OptionSensitivity> options = [];
        foreach (JsonValue item in fields["options"].AsArray())
        {
            JsonFields option = item.AsObject();
            LayerBits bits = JsonBits.Read(option["bits"]);
            if (options.Exists(other => other.Bits == bits))
            {
                throw item.Error($"The option {bits} is given twice.");
            }

            options.Add(new OptionSensitivity(bits, option["value"].AsDouble(), option.Optional("standardError")?.AsDouble()));
            option.End();
        }

        LayerSensitivity layer = new(
            fields["layer"].AsText(), options.ToEquatableArray(), ReadTrace(fields.Optional("weightTrace")), ReadTrace(fields.Optional("inputTrace")));
        fields.End();
        return layer;
    }

    private static TraceEstimate? ReadTrace(JsonValue? value)
    {
        if (value is null)
        {
            return null;
        }

        JsonFields fields = value.AsObject();
        TraceEstimate trace = new(fields["trace"].AsDouble(), fields["standardError"].AsDouble(), (int)fields["rounds"].AsWhole(0, int.MaxValue));
        fields.End();
        return trace;
    }
}

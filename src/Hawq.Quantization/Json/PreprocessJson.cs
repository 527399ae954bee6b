using System.Text.Json;
using Hawq.Model;
using Hawq.Quantization.Data;

namespace Hawq.Quantization.Json;

/// <summary>A preprocessing in JSON files, field by field as in the manifest.</summary>
internal static class PreprocessJson
{
    /// <summary>Writes the object.</summary>
    public static void Write(Utf8JsonWriter writer, Preprocess preprocess)
    {
        writer.WriteStartObject();
        writer.WriteString("name", preprocess.Name);
        writer.WriteNumber("resizeShorterSide", preprocess.ResizeShorterSide);
        writer.WriteString("channelOrder", preprocess.ChannelOrder);
        writer.WriteNumber("pixelScale", preprocess.PixelScale);
        Write(writer, "mean", preprocess.Mean);
        Write(writer, "std", preprocess.Std);
        writer.WriteEndObject();
    }

    /// <summary>Reads the object.</summary>
    public static Preprocess Read(JsonValue value)
    {
        JsonFields fields = value.AsObject();
        Preprocess preprocess = new(
            fields["name"].AsText(), (int)fields["resizeShorterSide"].AsWhole(0, int.MaxValue), fields["channelOrder"].AsText(), fields["pixelScale"].AsSingle(),
            Floats(fields["mean"]), Floats(fields["std"]));
        fields.End();
        return Preprocessing.Problem(preprocess) is { } problem ? throw value.Error(problem) : preprocess;
    }

    private static void Write(Utf8JsonWriter writer, string name, EquatableArray<float> values)
    {
        writer.WriteStartArray(name);
        foreach (float value in values)
        {
            writer.WriteNumberValue(value);
        }

        writer.WriteEndArray();
    }

    private static EquatableArray<float> Floats(JsonValue value) => value.AsArray().Select(item => item.AsSingle()).ToEquatableArray();
}

using Hawq.Model;
using Hawq.Quantization.Json;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.MixedPrecision;

/// <summary>Measured nanoseconds per layer and option on one target: a file, so that a table measured on another machine can be used.</summary>
/// <param name="Network">Name of the network.</param>
/// <param name="ModelSha256">SHA-256 of the float model, or null.</param>
/// <param name="Target">Instruction set or device: <c>avx2</c>, <c>avx512</c>, <c>t4</c>, ...</param>
/// <param name="Machine">For people: processor, threads, batch.</param>
/// <param name="Layers">Per layer and option.</param>
public sealed record LatencyTable(string Network, string? ModelSha256, string Target, string? Machine, EquatableArray<LayerLatency> Layers)
{
    /// <summary>Value of the field <c>format</c>.</summary>
    public const string Format = "hawq-latency/1";

    /// <summary>Reads a file.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.BitSearchFile"/> with line and column, or <see cref="HawqIds.FileAccess"/>.</exception>
    public static LatencyTable Read(string path) => Read(JsonFile.Read(path, HawqIds.BitSearchFile));

    /// <summary>Reads UTF-8 text.</summary>
    /// <inheritdoc cref="Read(string)"/>
    public static LatencyTable Parse(byte[] utf8, string name) => Read(JsonFile.Parse(utf8, name, HawqIds.BitSearchFile));

    /// <summary>The bytes of a file.</summary>
    public byte[] Serialize() => JsonText.Object(writer =>
    {
        writer.WriteString("format", Format);
        writer.WriteString("network", Network);
        if (ModelSha256 is not null)
        {
            writer.WriteString("modelSha256", ModelSha256);
        }

        writer.WriteString("target", Target);
        if (Machine is not null)
        {
            writer.WriteString("machine", Machine);
        }

        writer.WriteStartArray("layers");
        foreach (LayerLatency layer in Layers)
        {
            writer.WriteStartObject();
            writer.WriteString("layer", layer.Layer);
            writer.WriteString("bits", layer.Bits.ToString());
            writer.WriteNumber("nanoseconds", layer.Nanoseconds);
            if (layer.Kernel is not null)
            {
                writer.WriteString("kernel", layer.Kernel);
            }

            if (layer.Bytes is decimal bytes)
            {
                writer.WriteNumber("bytes", bytes);
            }

            if (layer.Bops is decimal bops)
            {
                writer.WriteNumber("bops", bops);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    /// <summary>The time of a layer at an option, or null.</summary>
    public decimal? Of(string layer, LayerBits bits) => Layers.Where(entry => entry.Layer == layer && entry.Bits == bits).Select(entry => (decimal?)entry.Nanoseconds).FirstOrDefault();

    private static LatencyTable Read(JsonFile file)
    {
        JsonFields root = file.Root.AsObject();
        JsonValue format = root["format"];
        if (format.AsText() != Format)
        {
            throw format.Error($"The format must be '{Format}'.");
        }

        List<LayerLatency> layers = [];
        HashSet<(string, LayerBits)> known = [];
        foreach (JsonValue item in root["layers"].AsArray())
        {
            JsonFields fields = item.AsObject();
            JsonValue time = fields["nanoseconds"];
            LayerLatency layer = new(
                fields["layer"].AsText(), JsonBits.Read(fields["bits"]),
                time.AsDecimal() is >= 0 and <= 1e15m and decimal value ? value : throw time.Error("A number from 0 to 1e15 is needed here."),
                fields.Optional("kernel")?.AsText(), fields.Optional("bytes")?.AsDecimal(), fields.Optional("bops")?.AsDecimal());
            fields.End();
            if (!known.Add((layer.Layer, layer.Bits)))
            {
                throw item.Error($"The layer '{layer.Layer}' at {layer.Bits} is given twice.");
            }

            layers.Add(layer);
        }

        LatencyTable table = new(
            root["network"].AsText(), root.Optional("modelSha256")?.AsText(), root["target"].AsText(), root.Optional("machine")?.AsText(), layers.ToEquatableArray());
        root.End();
        return table;
    }
}

/// <summary>One measured time.</summary>
/// <param name="Layer">Layer name.</param>
/// <param name="Bits">Option.</param>
/// <param name="Nanoseconds">Per image, epilogue included.</param>
/// <param name="Kernel">The planner's choice at these bits, with its window of int16 sums: what the time depends on. Null when unknown.</param>
/// <param name="Bytes">Packed weights, for people: a search counts them itself. Null when unknown.</param>
/// <param name="Bops">Bit operations, likewise.</param>
public sealed record LayerLatency(string Layer, LayerBits Bits, decimal Nanoseconds, string? Kernel = null, decimal? Bytes = null, decimal? Bops = null);

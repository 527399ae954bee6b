using System.Text.Json;
using Hawq.Model;
using Hawq.Quantization.Data;
using Hawq.Quantization.Json;

namespace Hawq.Quantization.Calibration;

/// <summary>Reads and writes calibration statistics as JSON. Written canonically (same statistics, same bytes), read strictly.</summary>
public static class StatisticsFile
{
    /// <summary>Value of the field <c>format</c>.</summary>
    public const string Format = "hawq-statistics/1";

    /// <summary>Counts that a reader takes: a thousand files add up without overflow.</summary>
    private const long MaxCount = 1L << 53;

    /// <summary>Reads a file.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Calibration"/> with line and column, or <see cref="HawqIds.FileAccess"/>.</exception>
    public static CalibrationStatistics Read(string path) => Read(JsonFile.Read(path, HawqIds.Calibration));

    /// <summary>Reads UTF-8 text.</summary>
    /// <inheritdoc cref="Read(string)"/>
    public static CalibrationStatistics Parse(byte[] utf8, string name) => Read(JsonFile.Parse(utf8, name, HawqIds.Calibration));

    /// <summary>The bytes of a file.</summary>
    public static byte[] Serialize(CalibrationStatistics statistics) => JsonText.Object(writer =>
    {
        writer.WriteString("format", Format);
        writer.WriteString("network", statistics.Network);
        writer.WriteString("modelSha256", statistics.ModelSha256);
        writer.WriteStartArray("inputs");
        foreach (InputRange range in statistics.Inputs)
        {
            writer.WriteStartObject();
            writer.WriteString("data", range.Data);
            writer.WriteNumber("first", range.First);
            writer.WriteNumber("count", range.Count);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (statistics.Preprocess is { } preprocess)
        {
            writer.WritePropertyName("preprocess");
            PreprocessJson.Write(writer, preprocess);
        }

        writer.WriteStartArray("classes");
        foreach (string name in statistics.ClassNames)
        {
            writer.WriteStringValue(name);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("values");
        foreach ((string name, ValueHistogram histogram) in statistics.Values.OrderBy(value => value.Key, StringComparer.Ordinal))
        {
            Write(writer, name, histogram);
        }

        writer.WriteEndArray();
    });

    private static void Write(Utf8JsonWriter writer, string name, ValueHistogram histogram)
    {
        writer.WriteStartObject();
        writer.WriteString("name", name);
        writer.WriteNumber("count", histogram.Count);
        writer.WriteNumber("zeros", histogram.Zeros);
        writer.WriteNumber("notFinite", histogram.NotFinite);
        writer.WriteNumber("min", histogram.Min);
        writer.WriteNumber("max", histogram.Max);
        writer.WriteBase64String("bins", BinCodec.Encode(histogram.Bins));
        writer.WriteEndObject();
    }

    private static CalibrationStatistics Read(JsonFile file)
    {
        JsonFields root = file.Root.AsObject();
        JsonValue format = root["format"];
        if (format.AsText() != Format)
        {
            throw format.Error($"The format must be '{Format}'.");
        }

        List<InputRange> inputs = [.. root["inputs"].AsArray().Select(ReadRange)];
        if (inputs.Count == 0)
        {
            throw root["inputs"].Error("At least one range of inputs is needed here.");
        }

        Dictionary<string, ValueHistogram> values = [];
        foreach (JsonValue item in root["values"].AsArray())
        {
            (string name, ValueHistogram histogram) = ReadValue(item);
            if (!values.TryAdd(name, histogram))
            {
                throw item.Error($"The value '{name}' is given twice.");
            }
        }

        CalibrationStatistics statistics = new(
            root["network"].AsText(), root["modelSha256"].AsText(), inputs, root.Optional("preprocess") is { } preprocess ? PreprocessJson.Read(preprocess) : null,
            [.. root["classes"].AsArray().Select(name => name.AsText())], values);
        root.End();
        return CalibrationStatistics.Merge([statistics]); // the ranges in order, and none twice
    }

    private static InputRange ReadRange(JsonValue value)
    {
        JsonFields fields = value.AsObject();
        InputRange range = new(fields["data"].AsText(), (int)fields["first"].AsWhole(0, DataLimits.Inputs), (int)fields["count"].AsWhole(1, DataLimits.Inputs));
        fields.End();
        return range;
    }

    private static (string Name, ValueHistogram Histogram) ReadValue(JsonValue value)
    {
        JsonFields fields = value.AsObject();
        string name = fields["name"].AsText();
        JsonValue bins = fields["bins"];
        long[] counts = BinCodec.Decode(bins.AsBase64()) ?? throw bins.Error($"These are not the counts of {ValueHistogram.BinCount} bins.");
        ValueHistogram histogram = ValueHistogram.Restore(
            fields["count"].AsWhole(0, MaxCount), fields["zeros"].AsWhole(0, MaxCount), fields["notFinite"].AsWhole(0, MaxCount), fields["min"].AsSingle(), fields["max"].AsSingle(), counts)
            ?? throw value.Error($"The figures of '{name}' contradict each other.");
        fields.End();
        return (name, histogram);
    }
}

/// <summary>Counts of bins as bytes: each in groups of seven bits, the lowest first, the eighth bit set on all but the last (LEB128). Empty bins at the end are left out.</summary>
internal static class BinCodec
{
    /// <summary>The bytes.</summary>
    public static byte[] Encode(ReadOnlySpan<long> bins)
    {
        List<byte> bytes = [];
        foreach (long count in bins[..(bins.LastIndexOfAnyExcept(0) + 1)])
        {
            long rest = count;
            for (; rest >= 0x80; rest >>= 7)
            {
                bytes.Add((byte)(rest | 0x80));
            }

            bytes.Add((byte)rest);
        }

        return [.. bytes];
    }

    /// <summary>The counts, or null where the bytes are not what <see cref="Encode"/> makes.</summary>
    public static long[]? Decode(ReadOnlySpan<byte> bytes)
    {
        const int HighestShift = 56; // eight groups and the first bits of a ninth: no count is negative
        long[] bins = new long[ValueHistogram.BinCount];
        int bin = 0, shift = 0;
        foreach (byte part in bytes)
        {
            if (bin == bins.Length || shift > HighestShift)
            {
                return null;
            }

            bins[bin] |= (long)(part & 0x7f) << shift;
            (bin, shift) = part < 0x80 ? (bin + 1, 0) : (bin, shift + 7);
        }

        return shift == 0 ? bins : null;
    }
}

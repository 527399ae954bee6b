using System.Text.Json;
using System.Text.Json.Serialization;
using Hawq.Model;

namespace Hawq.Quantization.Data;

/// <summary>Preprocessing presets and files.</summary>
public static class Preprocessing
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>Mean of ImageNet in [0, 1] (torchvision's models and those CIFAR-10 models that reuse it).</summary>
    private static readonly float[] ImageNetMean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] ImageNetStd = [0.229f, 0.224f, 0.225f];

    /// <summary>Names of the presets.</summary>
    public static IReadOnlyList<string> Presets { get; } = ["cifar10", "imagenet", "none"];

    /// <summary>
    /// A preset (<c>cifar10</c>: [0,1], ImageNet mean and deviation, no resize; <c>imagenet</c>: the same after resizing the shorter side to
    /// 256; <c>none</c> or <c>raw</c>: bytes as they are) or a JSON file with the fields <c>resizeShorterSide</c>, <c>channelOrder</c>,
    /// <c>pixelScale</c>, <c>mean</c>, <c>std</c>. The centre crop is always the network's input.
    /// </summary>
    /// <param name="presetOrFile">Preset name, or path of a .json file.</param>
    /// <param name="channels">Channels of the network's input.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.Data"/>: neither a preset nor a readable file, or a value in it is not usable.</exception>
    public static Preprocess Load(string presetOrFile, int channels)
    {
        Preprocess preprocess = presetOrFile switch
        {
            "cifar10" => new("cifar10", 0, "RGB", 1f / 255, ImageNetMean, ImageNetStd),
            "imagenet" => new("imagenet", 256, "RGB", 1f / 255, ImageNetMean, ImageNetStd),
            "none" or "raw" => new("none", 0, channels == 1 ? "GRAY" : "RGB", 1, Repeat(0, channels), Repeat(1, channels)),
            _ => Read(presetOrFile),
        };
        if (preprocess.Mean.Count != channels)
        {
            throw new HawqException(
                HawqIds.Data,
                $"The preprocessing '{presetOrFile}' is for {preprocess.Mean.Count} channels, and the network's input has {channels}. Choose another with --preprocess.");
        }

        return preprocess;
    }

    /// <summary>The real value of every byte, per channel: (byte * PixelScale - Mean) / Std, in double and rounded once.</summary>
    public static float[][] ByteValues(Preprocess preprocess, int channels)
    {
        float[][] values = new float[channels][];
        for (int c = 0; c < channels; c++)
        {
            values[c] = new float[256];
            for (int p = 0; p < 256; p++)
            {
                values[c][p] = (float)(((p * (double)preprocess.PixelScale) - preprocess.Mean[c]) / preprocess.Std[c]);
            }
        }

        return values;
    }

    private static float[] Repeat(float value, int count) => [.. Enumerable.Repeat(value, count)];

    private static Preprocess Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new HawqException(
                HawqIds.Data, $"'{path}' is neither a preprocessing preset ({string.Join(", ", Presets)}) nor a file.");
        }

        DataFiles.RequireAtMost(path, DataLimits.PreprocessBytes, "a preprocessing");
        PreprocessFile file;
        try
        {
            file = JsonSerializer.Deserialize<PreprocessFile>(File.ReadAllBytes(path), Json)
                ?? throw new JsonException("The file holds null.");
        }
        catch (JsonException e)
        {
            throw new HawqException(
                HawqIds.Data, $"The preprocessing file is not valid: {e.Message}", path, (int)(e.LineNumber ?? -1) + 1, (int)(e.BytePositionInLine ?? 0) + 1, e);
        }

        Preprocess preprocess = new(Path.GetFileName(path), file.ResizeShorterSide, file.ChannelOrder, file.PixelScale, file.Mean ?? [], file.Std ?? []);
        return Problem(preprocess) is { } problem ? throw new HawqException(HawqIds.Data, problem, path) : preprocess;
    }

    /// <summary>What is wrong with a preprocessing that came from a file; null when it can be used.</summary>
    internal static string? Problem(Preprocess preprocess)
    {
        int channels = preprocess.ChannelOrder switch
        {
            "RGB" or "BGR" => 3,
            "GRAY" => 1,
            _ => 0,
        };
        if (channels == 0)
        {
            return $"channelOrder '{preprocess.ChannelOrder}' is unknown; use RGB, BGR or GRAY.";
        }

        return preprocess.Mean.Count == channels && preprocess.Std.Count == channels && preprocess.ResizeShorterSide is >= 0 and <= DataLimits.ResizedSide
            && preprocess.PixelScale > 0 && float.IsFinite(preprocess.PixelScale) && preprocess.Std.All(s => s > 0 && float.IsFinite(s)) && preprocess.Mean.All(float.IsFinite)
            ? null
            : $"mean and std need {channels} finite values each (std above 0), pixelScale must be above 0 and resizeShorterSide from 0 to {DataLimits.ResizedSide}.";
    }

    private sealed record PreprocessFile
    {
        public int ResizeShorterSide { get; init; }

        public string ChannelOrder { get; init; } = "RGB";

        public required float PixelScale { get; init; }

        public required float[] Mean { get; init; }

        public required float[] Std { get; init; }
    }
}

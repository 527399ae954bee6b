using System.CommandLine;
using Hawq.Model;
using Hawq.Quantization.Data;

namespace Hawq.Cli.Frame;

/// <summary>Options that name a data set; the same words in every verb.</summary>
internal static class DataOptions
{
    /// <summary>What a data set may be.</summary>
    public const string DataHelp = "A CIFAR-10 binary file, a folder of images (class sub-folders, or labels.csv with file,label), or a .npy array of float32 inputs.";

    /// <summary><c>--data</c>.</summary>
    public static Option<string?> Data(bool required) => new("--data") { Description = DataHelp, HelpName = "DATA", Required = required };

    /// <summary><c>--labels</c>.</summary>
    public static Option<string?> Labels() => new("--labels") { Description = "Labels of a .npy data set: a .npy array of integers.", HelpName = "FILE" };

    /// <summary><c>--preprocess</c>.</summary>
    public static Option<string?> Preprocess() => new("--preprocess")
    {
        Description = $"How an image becomes the network's input: {string.Join(", ", Preprocessing.Presets)}, or a JSON file with resizeShorterSide, channelOrder, pixelScale, mean and std.",
        HelpName = "NAME",
    };

    /// <summary>Opens the data set that a manifest's network takes: images go through the preprocessing that the manifest carries.</summary>
    public static IDataSet OpenFor(Network network, string data, string? labels)
    {
        Shape shape = network.Tensor(network.Input.Tensor).Shape;
        return network.Input.Preprocess is { } preprocess && !data.EndsWith(".npy", StringComparison.OrdinalIgnoreCase) && labels is null
            ? Exists(data, shape, preprocess)
            : DataSet.Open(data, labels, shape, null);
    }

    /// <summary>Opens several data sets as one.</summary>
    public static IDataSet OpenFor(Network network, IReadOnlyList<string> data, string? labels)
    {
        if (data.Count == 1)
        {
            return OpenFor(network, data[0], labels);
        }

        if (labels is not null)
        {
            throw new HawqException(HawqIds.Usage, "--labels belongs to a single .npy data set.");
        }

        List<IDataSet> parts = [];
        try
        {
            foreach (string one in data)
            {
                parts.Add(OpenFor(network, one, null));
            }

            return new JoinedDataSet(parts);
        }
        catch
        {
            parts.ForEach(part => part.Dispose());
            throw;
        }
    }

    private static IDataSet Exists(string data, Shape shape, Preprocess preprocess) =>
        Directory.Exists(data) || File.Exists(data)
            ? DataSet.Open(data, shape, preprocess)
            : throw new HawqException(HawqIds.Data, "The data set does not exist.", data);
}

using System.Text.RegularExpressions;

namespace Hawq.Cli.Tests.Documentation;

/// <summary>A documented command on small inputs: every file in a temporary folder, every number of images, rounds and steps small, and else as it is written.</summary>
/// <param name="inputs">The inputs.</param>
/// <param name="folder">What the commands of a page write, and read again.</param>
internal sealed class SmallCommand(SmallInputs inputs, TemporaryFolder folder)
{
    /// <summary>The largest numbers that options get.</summary>
    private static readonly Dictionary<string, int> s_limits = new() { ["--images"] = 32, ["--random"] = 2, ["--steps"] = 2, ["--rounds"] = 2, ["--first"] = 16, ["--min-top1"] = 0 };

    /// <summary>Verbs that are told how images become inputs; without it data are arrays. The others find it in the manifest.</summary>
    private static readonly string[] s_ofFloatModels = ["quantize", "calibrate", "analyze", "profile", "pareto"];

    /// <summary>What a command that says nothing of it is given beside what it says, by verb.</summary>
    private static readonly Dictionary<string, string[]> s_additions = new()
    {
        ["train"] = ["--steps", "2", "--batch", "8"],
        ["profile"] = ["--rounds", "2"],
        ["pareto"] = ["--images", "32", "--effort", "fast", "--steps", "3"],
        ["analyze"] = ["--images", "32", "--effort", "fast"],
        ["bench"] = ["--rounds", "2", "--warmup", "0.01"],
        ["verify"] = ["--random", "1", "--channels", "1", "--tier", "scalar"],
    };

    /// <summary>The arguments.</summary>
    public string[] Arguments(string line)
    {
        string[] words = DocumentedCommands.Words(line);
        List<string> small = [.. words.Select((word, i) => Small(word, i > 0 ? words[i - 1] : "", words))];
        string[] additions = words[0] != "quantize" ? s_additions.GetValueOrDefault(words[0], [])
            : !words.Contains("--calibration") ? []
            : words.Contains("zero-shot") ? ["--images", "32", "--effort", "fast", "--steps", "1"]
            : ["--images", "32", "--effort", "fast"];
        for (int i = 0; i < additions.Length; i += 2)
        {
            // Of two that exclude each other, the page's is taken.
            if (!words.Contains(additions[i]) && !(additions[i] == "--steps" && words.Contains("--random")))
            {
                small.AddRange(additions[i..(i + 2)]);
            }
        }

        return [.. small];
    }

    private string Small(string word, string before, string[] words) => before switch
    {
        _ when s_limits.TryGetValue(before, out int limit) && int.TryParse(word, out int number) => $"{Math.Min(number, limit)}",
        "--set" => SmallInputs.Layer + "=8/8",
        "--preprocess" when word == DocumentedCommands.Words("NAME")[0] => "cifar10",
        "--statistics" => Statistics(word.TrimEnd('/')),
        "--save-images" => folder.PathOf(word),
        "--tier" or "--target" when word == "avx2" => Verification.Tier.OfThisMachine()[0].Name,
        "--latency-table" or "--sensitivity" when word.EndsWith(".json", StringComparison.Ordinal) => folder.PathOf(word),
        "--budget" => Regex.Replace(word, @"(?<=latency=)\d+us", "1s"),
        "--contact-sheet" => folder.PathOf("synthetic.png"),
        "-o" when word == "DIR" => folder.PathOf("generated"),
        "solve" => inputs.Instance,
        "--labels" => inputs.Labels,
        "-o" when word.EndsWith(".onnx", StringComparison.Ordinal) => folder.PathOf(word),
        _ => File(word, words),
    };

    private string File(string word, string[] words) => word switch
    {
        _ when word.StartsWith("onnxruntime=", StringComparison.Ordinal) => "onnxruntime=" + inputs.TwinModel,
        _ when word.EndsWith(".onnx", StringComparison.Ordinal) => IsQuantized(word, words) ? inputs.QuantizedModel : inputs.Model,
        _ when word.EndsWith(".npy", StringComparison.Ordinal) => inputs.Array,
        _ when word is "DATA" or "images" || word.EndsWith(".bin", StringComparison.Ordinal) || word.EndsWith('/') =>
            s_ofFloatModels.Contains(words[0]) && !words.Contains("--preprocess") ? inputs.Array : inputs.Data,
        _ when word.EndsWith(".hawq.json", StringComparison.Ordinal) => Manifest(word, words),
        "Generated" => folder.PathOf(word),
        _ when Regex.IsMatch(word, @"^[\w./-]+\.(json|html|md|ptx|ckpt)$") => folder.PathOf(word),
        _ => word,
    };

    private static bool IsQuantized(string model, string[] words) =>
        model.Contains("qdq", StringComparison.Ordinal) || (words[0] == "quantize" && !words.Contains("--calibration") && !words.Contains("--statistics"));

    // Shards that no earlier line has written.
    private string Statistics(string name)
    {
        string path = folder.PathOf(name);
        if (!Directory.Exists(path))
        {
            inputs.CopyStatistics(Path.Combine(path, "0.json"));
        }

        return path;
    }

    // A manifest that an earlier line has not written, and this one does not write either, is the small network's.
    private string Manifest(string word, string[] words)
    {
        string path = folder.PathOf(Path.GetFileName(word));
        if (!System.IO.File.Exists(path) && words[Array.IndexOf(words, word) - 1] != "-o")
        {
            inputs.CopyNetwork(path, ternary: words.Contains("--binary"));
        }

        return path;
    }
}

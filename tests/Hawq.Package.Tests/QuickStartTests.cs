using System.Text.RegularExpressions;
using Hawq.Model;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;

namespace Hawq.Package.Tests;

/// <summary>The README's way to an own model, literally, in an empty folder.</summary>
[Collection(PackageCollection.Name)]
public sealed class QuickStartTests(PackageFeed feed)
{
    private const int Side = 32;
    private static readonly string[] s_classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    [Fact]
    public void Commands_item_and_program_of_the_README_make_a_running_network()
    {
        string section = Regex.Match(File.ReadAllText(Path.Combine(Checkout.Root, "README.md")), @"\n## Your own model\n(.*?)\n## ", RegexOptions.Singleline).Groups[1].Value;
        Consumer folder = feed.NewConsumer("quick start");
        byte[] pixels = WriteImages(folder);
        File.Copy(Path.Combine(Checkout.Root, "samples", "MixedPrecision", "model", "resnet8.onnx"), Path.Combine(folder.Folder, "model.onnx"));

        // Feed and source are there already. This model takes pixels as they are.
        string[] commands = [.. Regex.Matches(section, "^    (dotnet .*)$", RegexOptions.Multiline).Select(match => match.Groups[1].Value.Replace("imagenet", "none", StringComparison.Ordinal))];
        Assert.Equal(["dotnet pack", "dotnet nuget"], commands.Take(2).Select(command => string.Join(' ', command.Split(' ').Take(2))));
        Dictionary<string, string> outputs = commands.Skip(2).ToDictionary(command => command.Split(' ', 4)[2], command => Bash(folder.Folder, command));
        Assert.Matches(@"top-1 +\d+\.\d+", outputs["evaluate"]);

        string project = Path.Combine(folder.Folder, "MyNet.csproj");
        File.WriteAllText(project, File.ReadAllText(project).Replace("</Project>", Code(section, "xml") + "</Project>", StringComparison.Ordinal));
        folder.Write("Program.cs", Code(section, "csharp"));
        folder.Write("image.raw", "");
        File.WriteAllBytes(Path.Combine(folder.Folder, "image.raw"), pixels);

        LoadedNetwork model = ManifestFile.Load(Path.Combine(folder.Folder, "model.hawq.json"));
        int[] logits = new Interpreter(model.Network, model.Weights).Run(pixels)[model.Network.Outputs[0]];
        Assert.Equal($"{Array.IndexOf(logits, logits.Max())}", Bash(folder.Folder, "dotnet run image.raw").Trim());
    }

    // A home of its own: the SDK remembers where it has installed a tool of this version, and an earlier run of this test has deleted that folder.
    private string Bash(string folder, string command)
    {
        string home = Path.Combine(feed.Root, "home");
        CommandResult result = DotNet.Start("/bin/bash", folder, "-c", $"export DOTNET_CLI_HOME='{home}' DOTNET_NOLOGO=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false; {command}");
        Assert.True(result.ExitCode == 0, $"{command}\n{result.Output}");
        return result.Output;
    }

    private static string Code(string section, string language) => Regex.Match(section, $"```{language}\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;

    /// <summary>Forty images of the CIFAR-10 sample as files, in a folder per class.</summary>
    /// <returns>The first image's pixels.</returns>
    private static byte[] WriteImages(Consumer folder)
    {
        byte[] batch = File.ReadAllBytes(Path.Combine(Checkout.Root, "samples", "Cifar10", "data", "test_batch_200.bin"));
        const int Plane = Side * Side, Record = 1 + (3 * Plane);
        byte[] first = [];
        for (int image = 0; image < 40; image++)
        {
            byte[] planes = batch[(image * Record)..((image + 1) * Record)];
            byte[] pixels = [.. Enumerable.Range(0, Plane).SelectMany(i => new[] { planes[1 + i], planes[1 + Plane + i], planes[1 + (2 * Plane) + i] })];
            first = image == 0 ? pixels : first;
            string file = Path.Combine(folder.Folder, "images", s_classes[planes[0]], $"{image}.bmp");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, Bitmap.Encode(pixels, Side));
        }

        return first;
    }
}

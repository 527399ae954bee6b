using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hawq.Model;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;

namespace Hawq.Package.Tests;

/// <summary>Projects made by <c>dotnet new</c> from the packed templates, built with the packed generator.</summary>
[Collection(PackageCollection.Name)]
public sealed class TemplateTests(PackageFeed feed)
{
    private const int Side = 32;

    [Fact]
    public async Task Created_projects_build_and_classify()
    {
        New("install", feed.PackageFile("Hawq.Templates"));
        (byte[] image, string expected) = Image();

        // A name that is no C# identifier, and a network of another name.
        string console = Create("hawq-console", "my-console", "--network", "Tiny");
        string file = Path.Combine(feed.Root, "image.bmp");
        File.WriteAllBytes(file, image);
        CommandResult result = DotNet.Run(feed.Root, console, file);
        Assert.Equal($"{file}: {expected}", result.Output.Trim());
        Assert.Equal(2, DotNet.Run(feed.Root, console).ExitCode);
        Assert.Equal(1, DotNet.Run(feed.Root, console, Path.Combine(feed.Root, "NuGet.config")).ExitCode);

        string service = Create("hawq-webapi", "Acme.Vision");
        using RunningProgram running = new(service, "--urls", "http://127.0.0.1:0");
        using HttpClient client = new() { BaseAddress = new Uri((await running.Says(@"Now listening on: (http://\S+)")).Groups[1].Value) };
        using HttpResponseMessage answer = await client.PostAsync("/classify", new ByteArrayContent(image));
        Assert.Equal(expected, (string)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["label"]!);
    }

    private string Create(string template, string name, params string[] options)
    {
        New([template, "-o", Path.Combine(feed.Root, name), "--no-update-check", .. options]);
        Consumer consumer = feed.NewConsumer(name);
        consumer.Build();
        return Path.Combine(consumer.Folder, "bin", "Debug", "net10.0", name + ".dll");
    }

    /// <summary>Runs <c>dotnet new</c>, which keeps its templates in a folder of this test.</summary>
    private void New(params string[] arguments)
    {
        CommandResult result = DotNet.Run(feed.Root, ["new", .. arguments, "--debug:custom-hive", Path.Combine(feed.Root, "hive")]);
        Assert.True(result.ExitCode == 0, result.Output);
    }

    /// <summary>A bitmap file, and the class that the reference interpreter gives it.</summary>
    private static (byte[] File, string Label) Image()
    {
        LoadedNetwork model = ManifestFile.Load(Path.Combine(Checkout.Root, "samples", "Cifar10", "resnet20-cifar10.hawq.json"));
        byte[] pixels = TestInputs.Pixels(model.Network, seed: 3);
        int[] logits = new Interpreter(model.Network, model.Weights).Run(pixels)[model.Network.Outputs[0]];
        return (Bitmap.Encode(pixels, Side), model.Network.Labels[Array.IndexOf(logits, logits.Max())]);
    }
}

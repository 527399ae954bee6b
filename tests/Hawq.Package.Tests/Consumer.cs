using Hawq.Model;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;

namespace Hawq.Package.Tests;

/// <summary>A user's project in an empty folder.</summary>
public sealed class Consumer
{
    /// <summary>A program that prints the outputs of a network for the input 0, 1, 2, ... and nothing else.</summary>
    public const string PrintsLogits = """
        class Program
        {
            static void Main()
            {
                using NAME network = new NAME();
                byte[] pixels = new byte[NAME.InputLength];
                for (int i = 0; i < pixels.Length; i++)
                {
                    pixels[i] = unchecked((byte)(i * 7));
                }

                int[] logits = new int[NAME.OutputLength];
                network.Infer(pixels, logits);
                System.Console.WriteLine(string.Join(" ", logits));
            }
        }
        """;

    internal Consumer(string folder, string version)
    {
        Folder = folder;
        Version = version;
        Directory.CreateDirectory(folder);
    }

    /// <summary>Folder of the project.</summary>
    public string Folder { get; }

    /// <summary>Version of the package under test.</summary>
    public string Version { get; }

    /// <summary>Writes the project file: a console program that references the package.</summary>
    /// <param name="items">HawqModel items.</param>
    /// <param name="properties">Further properties.</param>
    public void WriteProject(string items, string properties = "") => Write("Consumer.csproj", $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <UseSharedCompilation>false</UseSharedCompilation>
            <NuGetAudit>false</NuGetAudit>
            {properties}
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="Hawq.CodeGen" Version="[{Version}]" PrivateAssets="all" />
            {items}
          </ItemGroup>
        </Project>
        """);

    /// <summary>Writes a file.</summary>
    public void Write(string name, string text)
    {
        string path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    /// <summary>Writes a small network as manifest and sidecar; the seed decides the weights.</summary>
    /// <returns>What <see cref="PrintsLogits"/> must print for it, by the reference interpreter.</returns>
    public string WriteModel(string manifest, int seed)
    {
        NetworkBuilder builder = new NetworkBuilder(Path.GetFileName(manifest).Replace(".hawq.json", "", StringComparison.Ordinal), seed).Input(6, 6, 3, pixels: true);
        string pooled = builder.GlobalAveragePool(builder.Conv(builder.InputName, 16, 3));
        return WriteModel(manifest, builder.Build(builder.Gemm(pooled, 5)));
    }

    /// <summary>Writes a network that takes pixels as manifest and sidecar.</summary>
    /// <returns>What <see cref="PrintsLogits"/> must print for it, by the reference interpreter.</returns>
    public string WriteModel(string manifest, (Network Network, NetworkWeights Weights) model)
    {
        (Network network, NetworkWeights weights) = model;
        string sidecar = Path.GetFileName(manifest).Replace(".json", ".bin", StringComparison.Ordinal);
        Write(manifest, ManifestWriter.Write(network with { WeightsFile = network.WeightsFile with { File = sidecar } }));
        File.WriteAllBytes(Path.Combine(Folder, Path.GetDirectoryName(manifest)!, sidecar), weights.Sidecar);
        int length = network.Tensors.First(tensor => tensor.Name == network.Input.Tensor).Shape.Length;
        byte[] pixels = [.. Enumerable.Range(0, length).Select(i => unchecked((byte)(i * 7)))];
        return string.Join(" ", new Interpreter(network, weights).Run(pixels)[network.Outputs[0]]);
    }

    /// <summary>Builds; fails the test when the build does.</summary>
    public string Build()
    {
        CommandResult result = TryBuild();
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output;
    }

    /// <summary>Builds.</summary>
    public CommandResult TryBuild(params string[] arguments) => DotNet.Run(Folder, ["build", "--nologo", "-v", "m", "-tl:off", .. arguments]);

    /// <summary>Publishes into a folder named like the way of publishing; fails the test when that fails.</summary>
    /// <returns>The folder, and what the build said.</returns>
    public (string Folder, string Output) Publish(string way, params string[] arguments)
    {
        string target = Path.Combine(Folder, "publish", way);
        CommandResult result = DotNet.Run(Folder, ["publish", "-c", "Release", "--nologo", "-v", "m", "-tl:off", "-o", target, .. arguments]);
        Assert.True(result.ExitCode == 0, result.Output);
        return (target, result.Output);
    }

    /// <summary>Runs what was built and returns what it printed.</summary>
    public string Run()
    {
        CommandResult result = DotNet.Run(Folder, Path.Combine("bin", "Debug", "net10.0", "Consumer.dll"));
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output.Trim();
    }
}

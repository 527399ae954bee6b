using Hawq.Testing;

namespace Hawq.Benchmarks;

/// <summary>A console program in a folder of its own, with the generator of this build as its analyzer: what a user of the package has.</summary>
internal sealed class ScratchProject
{
    private static readonly string[] Analyzers = ["Hawq.CodeGen.dll", "Hawq.Planning.dll", "Hawq.Model.dll"];

    /// <summary>Writes the project.</summary>
    /// <param name="root">Folder above that of the project.</param>
    /// <param name="name">Name of project, folder and program.</param>
    /// <param name="program">Text of Program.cs.</param>
    /// <param name="items">Items of the project file.</param>
    /// <param name="generator">Whether the project uses the generator.</param>
    public ScratchProject(string root, string name, string program, string items, bool generator)
    {
        Folder = Path.Combine(root, name);
        Name = name;
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "Program.cs"), program);
        string build = Path.Combine(Checkout.Root, "generators", "Hawq.CodeGen", "build", "Hawq.CodeGen");
        File.WriteAllText(Path.Combine(Folder, $"{name}.csproj"), $"""
            <Project>
              {(generator ? $"""<Import Project="{build}.props" />""" : "")}
              <Import Project="Sdk.props" Sdk="Microsoft.NET.Sdk" />
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                {(generator ? string.Concat(Analyzers.Select(file => $"""<Analyzer Include="{Path.Combine(AppContext.BaseDirectory, file)}" />""")) : "")}
                {items}
              </ItemGroup>
              {(generator ? $"""<Import Project="{build}.targets" />""" : "")}
              <Import Project="Sdk.targets" Sdk="Microsoft.NET.Sdk" />
            </Project>
            """);
    }

    /// <summary>Folder of the project.</summary>
    public string Folder { get; }

    /// <summary>Name of project and program.</summary>
    public string Name { get; }

    /// <summary>Runs <c>dotnet</c> in the project's folder.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public void Run(params string[] arguments)
    {
        CommandResult result = DotNet.Run(Folder, arguments);
        if (result.ExitCode != 0)
        {
            throw new InvalidOperationException($"dotnet {string.Join(" ", arguments)} in {Folder}: exit code {result.ExitCode}\n{result.Output}");
        }
    }

    /// <summary>Publishes for this machine.</summary>
    /// <returns>The program.</returns>
    public string Publish(string way, params string[] arguments)
    {
        string folder = Path.Combine(Folder, "publish", way);
        Run(["publish", "-c", "Release", "-r", System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier, "-o", folder, "--nologo", "-v", "q", .. arguments]);
        return Path.Combine(folder, Name);
    }
}

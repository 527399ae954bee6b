using System.Runtime.InteropServices;
using System.Security;
using System.Text.RegularExpressions;
using Hawq.Testing;
using Xunit;

namespace Hawq.Package.Tests;

/// <summary>
/// The packages in a local feed, for tests that use them as a stranger would: from a folder outside the repository, with no project
/// reference. Packed once for all tests, in folders of its own, so that no other build is disturbed.
/// </summary>
public sealed class PackageFeed : IDisposable
{
    private const string Local = "hawq-test";

    /// <summary>Packs.</summary>
    public PackageFeed()
    {
        Root = Directory.CreateTempSubdirectory("hawq-package-").FullName;
        Assert.False(Directory.Exists(Path.Combine(RestoredPackages, "hawq.codegen")), $"{RestoredPackages} holds a Hawq.CodeGen, which would be tested instead of this one. Delete it.");
        Pack(Folder);
        File.WriteAllText(Path.Combine(Root, "NuGet.config"), $"""
            <configuration>
              <packageSources>
                <add key="{Local}" value="{Folder}" />
              </packageSources>
              <!-- Ours come from here and from nowhere else; runtimes and the compiler of NativeAOT from where this machine gets its packages. -->
              <packageSourceMapping>
                <clear />
                <packageSource key="{Local}"><package pattern="Hawq.*" /></packageSource>
                {string.Join("\n    ", MachineSources().Select(key => $"""<packageSource key="{key}"><package pattern="*" /></packageSource>"""))}
              </packageSourceMapping>
              <config>
                <add key="globalPackagesFolder" value="{Path.Combine(Root, "packages")}" />
              </config>
              <!-- What this repository has restored already: packages of others, never ours. -->
              <fallbackPackageFolders>
                <add key="restored" value="{RestoredPackages}" />
              </fallbackPackageFolders>
            </configuration>
            """);
    }

    // Lines of the list: "  1.  key [Enabled]", and below each its address.
    private static IEnumerable<string> MachineSources() =>
        Regex.Matches(DotNet.Run(Path.GetTempPath(), "nuget", "list", "source", "--format", "detailed").Output, @"^ +\d+\. +(.+) \[Enabled\]", RegexOptions.Multiline)
            .Select(match => SecurityElement.Escape(match.Groups[1].Value));

    /// <summary>Where this machine keeps restored packages.</summary>
    public static string RestoredPackages =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>Folder above everything that the tests write.</summary>
    public string Root { get; }

    /// <summary>The feed.</summary>
    public string Folder => Path.Combine(Root, "feed");

    // Exact, so that a restore asks no other source for it.
    private string Version => Path.GetFileNameWithoutExtension(Directory.GetFiles(Folder, "Hawq.CodeGen.*.nupkg").Single())["Hawq.CodeGen.".Length..];

    /// <summary>Packs everything that is published into a folder, building from nothing; the tool for this machine only.</summary>
    public void Pack(string feed)
    {
        string build = Path.Combine(Root, "build");
        if (Directory.Exists(build))
        {
            Directory.Delete(build, recursive: true);
        }

        CommandResult result = DotNet.Run(
            Checkout.Root, "pack", "src/packages.slnx", "-c", "Release", "-o", feed, "--artifacts-path", build, "--nologo", "-v", "q",
            $"-p:HawqToolPlatforms={RuntimeInformation.RuntimeIdentifier}");
        Assert.True(result.ExitCode == 0, result.Output);
    }

    /// <summary>A package of the feed.</summary>
    public string PackageFile(string id) => Directory.EnumerateFiles(Folder, $"{id}.0.1.0.nupkg").Single();

    /// <summary>An empty folder for a consumer.</summary>
    public Consumer NewConsumer(string name) => new(Path.Combine(Root, name), Version);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Root, recursive: true);
}

/// <summary>All tests share one feed and run one after another: each of them is a build.</summary>
[CollectionDefinition(Name)]
public sealed class PackageCollection : ICollectionFixture<PackageFeed>
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "package";
}

using Hawq.Testing;
using Xunit;

namespace Hawq.Package.Tests;

/// <summary>
/// The packed Hawq.CodeGen in a local feed, for tests that use it as a stranger would: from a folder outside the repository, with no project
/// reference. Packed once for all tests, in folders of its own, so that no other build is disturbed.
/// </summary>
public sealed class PackageFeed : IDisposable
{
    /// <summary>Packs.</summary>
    public PackageFeed()
    {
        Root = Directory.CreateTempSubdirectory("hawq-package-").FullName;
        Pack(Folder);
        File.WriteAllText(Path.Combine(Root, "NuGet.config"), $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="local" value="{Folder}" />
              </packageSources>
              <config>
                <add key="globalPackagesFolder" value="{Path.Combine(Root, "packages")}" />
              </config>
            </configuration>
            """);
    }

    /// <summary>Folder above everything that the tests write.</summary>
    public string Root { get; }

    /// <summary>The feed.</summary>
    public string Folder => Path.Combine(Root, "feed");

    /// <summary>Packs into a folder, building from nothing.</summary>
    public void Pack(string feed)
    {
        string build = Path.Combine(Root, "build");
        if (Directory.Exists(build))
        {
            Directory.Delete(build, recursive: true);
        }

        CommandResult result = DotNet.Run(
            Checkout.Root, "pack", "generators/Hawq.CodeGen", "-c", "Release", "-o", feed, "--artifacts-path", build, "--nologo", "-v", "q");
        Assert.True(result.ExitCode == 0, result.Output);
    }

    /// <summary>An empty folder for a consumer.</summary>
    public Consumer NewConsumer(string name) => new(Path.Combine(Root, name));

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

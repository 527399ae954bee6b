using System.IO.Compression;
using System.Xml.Linq;
using Xunit;

namespace Hawq.Package.Tests;

/// <summary>What lies in the package.</summary>
[Collection(PackageCollection.Name)]
public sealed class PackageTests(PackageFeed feed)
{
    [Fact]
    public void Package_holds_the_compiler_part_and_nothing_for_run_time()
    {
        using ZipArchive package = ZipFile.OpenRead(Directory.EnumerateFiles(feed.Folder).Single());

        Assert.Equal(
            [
                "analyzers/dotnet/cs/Hawq.CodeGen.dll",
                "analyzers/dotnet/cs/Hawq.Model.dll",
                "analyzers/dotnet/cs/Hawq.Planning.dll",
                "build/Hawq.CodeGen.props",
                "build/Hawq.CodeGen.targets",
                "buildTransitive/Hawq.CodeGen.props",
                "buildTransitive/Hawq.CodeGen.targets",
                "docs/diagnostics.md",
                "Hawq.CodeGen.nuspec",
                "icon.png",
                "README.md",
            ],
            package.Entries.Select(entry => entry.FullName).Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal) && !name.StartsWith('['))
                .Order(StringComparer.OrdinalIgnoreCase));
    }

    [Fact]
    public void Package_is_a_development_dependency_without_dependencies()
    {
        using ZipArchive package = ZipFile.OpenRead(Directory.EnumerateFiles(feed.Folder).Single());
        using Stream stream = package.GetEntry("Hawq.CodeGen.nuspec")!.Open();
        XElement metadata = XDocument.Load(stream).Root!.Elements().Single();

        Assert.Equal("true", metadata.Elements().Single(element => element.Name.LocalName == "developmentDependency").Value);
        Assert.DoesNotContain(metadata.Descendants(), element => element.Name.LocalName == "dependency");
    }

    [Fact]
    public void Packed_twice_from_nothing_gives_the_same_bytes()
    {
        string again = Path.Combine(feed.Root, "feed-again");
        feed.Pack("generators/Hawq.CodeGen", again);

        Assert.Equal(
            File.ReadAllBytes(Directory.EnumerateFiles(feed.Folder).Single()),
            File.ReadAllBytes(Directory.EnumerateFiles(again).Single()));
    }
}

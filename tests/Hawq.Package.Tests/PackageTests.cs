using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Xml.Linq;
using Hawq.Testing;
using Xunit;

namespace Hawq.Package.Tests;

/// <summary>What lies in the packages.</summary>
[Collection(PackageCollection.Name)]
public sealed class PackageTests(PackageFeed feed)
{
    [Fact]
    public void Generator_package_holds_the_compiler_part_and_nothing_for_run_time()
    {
        using ZipArchive package = ZipFile.OpenRead(feed.PackageFile("Hawq.CodeGen"));

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
        XElement metadata = Metadata(package);
        Assert.Equal("true", metadata.Elements().Single(element => element.Name.LocalName == "developmentDependency").Value);
        Assert.DoesNotContain(metadata.Descendants(), element => element.Name.LocalName == "dependency");
    }

    [Fact]
    public void Gpu_package_brings_ILGPU_and_nothing_else()
    {
        using ZipArchive package = ZipFile.OpenRead(feed.PackageFile("Hawq.Gpu"));

        Assert.Equal(
            ["lib/net10.0/Hawq.Gpu.dll", "lib/net10.0/Hawq.Gpu.xml", "lib/net10.0/Hawq.Model.dll"],
            package.Entries.Select(entry => entry.FullName).Where(name => name.StartsWith("lib/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(["ILGPU"], Metadata(package).Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value));
    }

    [Fact]
    public void Every_package_has_a_readme_an_icon_and_a_licence_and_is_no_larger_than_it_should_be()
    {
        // Kilobytes. The tool's packages hold ONNX Runtime, OR-Tools and Skia for one platform; their sizes are in using-the-package.md.
        (string Id, int Limit)[] limits =
            [("Hawq.CodeGen", 1_000), ("Hawq.Gpu", 400), ("Hawq.Templates", 800), ("Hawq.Cli", 200), ($"Hawq.Cli.{System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier}", 80_000)];
        Assert.Equal(limits.Length, Directory.EnumerateFiles(feed.Folder).Count());

        Assert.All(limits, expected =>
        {
            string file = feed.PackageFile(expected.Id);
            using ZipArchive package = ZipFile.OpenRead(file);
            XElement metadata = Metadata(package);
            Assert.Equal("MIT", metadata.Elements().Single(element => element.Name.LocalName == "license").Value);
            Assert.True(package.GetEntry(metadata.Elements().Single(element => element.Name.LocalName == "readme").Value)!.Length > 200);
            Assert.True(package.GetEntry(metadata.Elements().Single(element => element.Name.LocalName == "icon").Value)!.Length > 100);
            Assert.InRange(new FileInfo(file).Length, 1, expected.Limit * 1000L);
        });
    }

    [Fact]
    public void Assemblies_hold_their_sources_and_nothing_of_the_machine_that_packed()
    {
        string[] machine = [Checkout.Root, feed.Root, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + "/"];
        int assemblies = 0;
        foreach (string file in Directory.EnumerateFiles(feed.Folder))
        {
            using ZipArchive package = ZipFile.OpenRead(file);
            foreach (ZipArchiveEntry entry in package.Entries)
            {
                byte[] content = Content(entry);
                bool ours = entry.Name.EndsWith(".dll", StringComparison.Ordinal) && (entry.Name.StartsWith("Hawq.", StringComparison.Ordinal) || entry.Name == "hawq.dll");
                if (ours)
                {
                    (string name, bool source)[] documents = [.. Documents(content)];
                    Assert.Contains(documents, document => document.source);
                    Assert.All(documents, document => Assert.StartsWith("/_/", document.name, StringComparison.Ordinal));
                    assemblies++;
                }

                if (ours || !entry.FullName.Contains("tools/", StringComparison.Ordinal))
                {
                    Assert.All(machine, folder => Assert.Equal(-1, content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(folder))));
                }
            }
        }

        Assert.True(assemblies > 10, $"{assemblies} assemblies of ours");
    }

    [Fact]
    public void Packed_twice_from_nothing_gives_the_same_bytes()
    {
        string again = Path.Combine(feed.Root, "feed-again");
        feed.Pack(again);

        string[] names = [.. Directory.EnumerateFiles(feed.Folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        Assert.Equal(names, Directory.EnumerateFiles(again).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Assert.All(names, name => Assert.True(
            File.ReadAllBytes(Path.Combine(feed.Folder, name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(again, name))), $"{name} differs"));
    }

    private static XElement Metadata(ZipArchive package)
    {
        using Stream stream = package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(stream).Root!.Elements().Single();
    }

    private static byte[] Content(ZipArchiveEntry entry)
    {
        using MemoryStream content = new();
        using Stream stream = entry.Open();
        stream.CopyTo(content);
        return content.ToArray();
    }

    /// <summary>The source files that an assembly's embedded symbols name, and whether each is in there.</summary>
    private static IEnumerable<(string Name, bool Source)> Documents(byte[] assembly)
    {
        Guid embeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");
        using PEReader reader = new(new MemoryStream(assembly));
        DebugDirectoryEntry symbols = reader.ReadDebugDirectory().Single(entry => entry.Type == DebugDirectoryEntryType.EmbeddedPortablePdb);
        using MetadataReaderProvider provider = reader.ReadEmbeddedPortablePdbDebugDirectoryData(symbols);
        MetadataReader pdb = provider.GetMetadataReader();
        foreach (DocumentHandle handle in pdb.Documents)
        {
            yield return (
                pdb.GetString(pdb.GetDocument(handle).Name),
                pdb.GetCustomDebugInformation(handle).Any(info => pdb.GetGuid(pdb.GetCustomDebugInformation(info).Kind) == embeddedSource));
        }
    }
}

using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Hawq.Testing;
using Xunit;

namespace Hawq.Package.Tests;

/// <summary>src/docs/dependencies.md: every package that the lock files name, with the licence that the package itself states.</summary>
public sealed class DependencyTests
{
    // Packages that carry a licence file or an address instead of a name: the file was read, this is what it is.
    private static readonly Dictionary<string, string> s_read = new(StringComparer.OrdinalIgnoreCase)
    {
        ["CommandLineParser"] = "MIT",
        ["ILGPU"] = "NCSA",
        ["Microsoft.DotNet.PlatformAbstractions"] = "MIT",
        ["Microsoft.ML.OnnxRuntime"] = "MIT",
        ["Microsoft.ML.OnnxRuntime.Managed"] = "MIT",
        ["Microsoft.NETCore.Platforms"] = "Microsoft .NET library licence",
        ["NETStandard.Library"] = "MIT",
        ["xunit.abstractions"] = "Apache-2.0",
    };

    // What everything here may be combined with.
    private static readonly string[] s_accepted = ["MIT", "Apache-2.0", "BSD-3-Clause", "BSD-2-Clause", "NCSA", "Microsoft .NET library licence"];

    [Fact]
    public void Page_lists_every_package_and_its_licence()
    {
        SortedDictionary<string, (string Id, string Version, SortedSet<string> Parts)> packages = new(StringComparer.OrdinalIgnoreCase);
        string[] locks = [.. Directory.EnumerateFiles(Checkout.Root, "packages.lock.json", SearchOption.AllDirectories).Where(file => !file.Split(Path.DirectorySeparatorChar).Intersect(["bin", "obj"]).Any())];
        Assert.True(locks.Length > 15, $"{locks.Length} lock files");
        foreach (string file in locks)
        {
            string part = Path.GetFileName(Path.GetDirectoryName(file)!) switch
            {
                "Hawq.Cli" => "Hawq.Cli",
                "Hawq.Gpu" => "Hawq.Gpu",
                _ => Path.GetRelativePath(Checkout.Root, file).Split(Path.DirectorySeparatorChar)[0] is "tests" ? "tests" : "building",
            };
            foreach ((string id, JsonNode? entry) in JsonNode.Parse(File.ReadAllText(file))!["dependencies"]!.AsObject().SelectMany(framework => framework.Value!.AsObject()))
            {
                if ((string)entry!["type"]! != "Project")
                {
                    string version = (string)entry["resolved"]!;
                    // A program of its own (a sample, the benchmarks) may have another version than the rest.
                    packages.TryAdd($"{id} {version}", (id, version, []));
                    packages[$"{id} {version}"].Parts.Add(part);
                }
            }
        }

        StringBuilder page = new("""
            # Dependencies

            Every package that the lock files name, with the licence that it states. Written and checked by `DependencyTests` in tests/Hawq.Package.Tests, which also refuses any other kind of licence.
            `Hawq.CodeGen` depends on none of them at run time, and a program that uses a generated network ships none of them.
            Versions are pinned, with the reasons, in `Directory.Packages.props`; the lock files also hold the hash of every package, and CI restores nothing else.

            | package | version | licence | used by |
            |---|---|---|---|

            """.ReplaceLineEndings("\n"));
        foreach ((string id, string version, SortedSet<string> parts) in packages.Values)
        {
            string licence = Licence(id, version);
            Assert.Contains(licence, s_accepted);
            string[] shipped = [.. parts.Where(part => part.StartsWith("Hawq.", StringComparison.Ordinal))];
            page.Append($"| {id} | {version} | {licence} | {string.Join(", ", shipped.Length > 0 ? shipped : parts)} |\n");
        }

        GeneratedPage.Check("dependencies.md", page.ToString());
    }

    private static string Licence(string id, string version)
    {
        string file = Path.Combine(PackageFeed.RestoredPackages, id.ToLowerInvariant(), version, $"{id.ToLowerInvariant()}.nuspec");
        Assert.True(File.Exists(file), $"{id} {version} is not restored. Run 'dotnet restore' first.");
        XElement? licence = XDocument.Load(file).Descendants().FirstOrDefault(element => element.Name.LocalName == "license");
        return licence?.Attribute("type")?.Value == "expression" ? licence.Value : s_read.GetValueOrDefault(id, "unknown: read it, and add it to DependencyTests");
    }
}

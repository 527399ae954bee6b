using System.Text.RegularExpressions;
using Hawq.Testing;
using Xunit;

namespace Hawq.CodeGen.Tests.Emitted;

/// <summary>The generated code that the README shows is generated code.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public void Every_line_of_the_excerpt_stands_in_the_snapshot_in_this_order()
    {
        string readme = File.ReadAllText(Path.Combine(Checkout.Root, "README.md")).ReplaceLineEndings("\n");
        string section = Regex.Match(readme, @"\n## What is generated\n(.*?)\n## ", RegexOptions.Singleline).Groups[1].Value;
        string[] excerpt = [.. Regex.Match(section, "```csharp\n(.*?)```", RegexOptions.Singleline).Groups[1].Value.Split('\n')
            .Select(line => line.Trim()).Where(line => line.Length > 1 && !line.Contains("...", StringComparison.Ordinal))];
        string snapshot = Path.Combine(
            Checkout.Root, "tests", "Hawq.CodeGen.Tests", "Emitted", Snapshot.Folder, $"{nameof(GeneratedTextTests)}.{nameof(GeneratedTextTests.Resnet20_of_the_sample)}#Resnet20Cifar10.Kernels.g.verified.cs");
        string[] lines = [.. File.ReadLines(snapshot).Select(line => line.Trim())];

        Assert.True(excerpt.Length > 15, $"{excerpt.Length} lines found");
        int at = 0;
        foreach (string line in excerpt)
        {
            at = Array.IndexOf(lines, line, at) + 1;
            Assert.True(at > 0, $"Not in {Path.GetFileName(snapshot)}, or before the line above it: {line}");
        }
    }
}

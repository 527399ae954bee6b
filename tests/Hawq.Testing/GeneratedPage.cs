using Xunit;

namespace Hawq.Testing;

/// <summary>A documentation page that a test generates: it cannot lie, and the test fails when it is stale.</summary>
public static class GeneratedPage
{
    /// <summary>
    /// Compares a page with src/docs/<paramref name="name"/>. With the environment variable HAWQ_ACCEPT_SNAPSHOTS=1 the page is written instead.
    /// </summary>
    public static void Check(string name, string content)
    {
        string path = Path.Combine(Checkout.Root, "src", "docs", name);
        if (Environment.GetEnvironmentVariable("HAWQ_ACCEPT_SNAPSHOTS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, content);
            return;
        }

        string committed = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        Assert.True(committed == content, $"src/docs/{name} is stale. Run the test with HAWQ_ACCEPT_SNAPSHOTS=1 to write it, and review the difference.");
    }
}

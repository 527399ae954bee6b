using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Hawq.Testing;
using Hawq.Testing.Web;
using Xunit;

namespace Hawq.Samples.Tests;

/// <summary>samples/Browser: published, served and opened in a browser.</summary>
public sealed class BrowserTests
{
    private const int Images = 6;

    [ChromiumFact]
    public async Task Network_in_a_page_gives_the_logits_of_the_reference()
    {
        string root = Directory.CreateTempSubdirectory("hawq-browser-").FullName;
        try
        {
            string output = Path.Combine(root, "publish");
            CommandResult published = DotNet.Run(
                Checkout.Root, "publish", "samples/Browser", "-c", "Release", "-o", output, "--artifacts-path", Path.Combine(root, "build"), "--nologo", "-v", "q");
            Assert.True(published.ExitCode == 0, published.Output);

            using FileServer server = new(Path.Combine(output, "wwwroot"));
            await using Chromium browser = await Chromium.Start();
            await browser.Open($"{server.Address}index.html?images={Images}");
            await browser.WaitFor("document.getElementById('status')?.dataset.done", TimeSpan.FromMinutes(2));
            await browser.Screenshot("samples-browser");

            string status = (string)(await browser.Evaluate("document.getElementById('status').textContent"))!;
            Assert.Contains($"of {Images} images", status, StringComparison.Ordinal);
            Assert.EndsWith(HashOfReference(), status, StringComparison.Ordinal);
            Assert.Equal(Images, (int)(await browser.Evaluate("document.querySelectorAll('#images canvas').length"))!);
            Assert.Empty(browser.Problems);
            Assert.All(browser.Requests, request => Assert.StartsWith(server.Address, request, StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static string HashOfReference()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < Images; i++)
        {
            hash.AppendData(MemoryMarshal.AsBytes(SampleImages.Logits(i).AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

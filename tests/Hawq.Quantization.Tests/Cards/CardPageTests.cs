using System.Text;
using System.Text.Json.Nodes;
using Hawq.Quantization.Cards;
using Hawq.Testing.Web;
using Xunit;

namespace Hawq.Quantization.Tests.Cards;

/// <summary>The card's page in a browser.</summary>
public sealed class CardPageTests
{
    private const string Marks = "svg g[tabindex]";

    // Contrast of WCAG 2 between two computed colours, "rgb(1, 2, 3)".
    private const string Contrast = """
        (a, b) => { const l = c => { const [r, g, u] = c.match(/\d+/g).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * u; };
          const [x, y] = [l(a), l(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); }
        """;

    [ChromiumFact]
    public async Task The_page_shows_five_charts_light_and_dark_from_the_keyboard_and_asks_for_nothing()
    {
        string folder = Directory.CreateTempSubdirectory("hawq-card-").FullName;
        try
        {
            string address = new Uri(Path.Combine(folder, "card.html")).AbsoluteUri;
            await File.WriteAllBytesAsync(Path.Combine(folder, "card.html"), Encoding.UTF8.GetBytes(CardHtml.Render(CardTests.Full())));
            await using Chromium browser = await Chromium.Start();
            foreach (string scheme in (string[])["light", "dark"])
            {
                await browser.PreferColorScheme(scheme);
                await browser.Open(address);
                await browser.WaitFor("document.readyState == 'complete'", TimeSpan.FromSeconds(30));
                await browser.Screenshot($"card-{scheme}");
                Assert.Equal(5, await Number(browser, "document.querySelectorAll('svg').length"));
                Assert.Equal(scheme == "dark", await Number(browser, "Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])") < 128);

                // Words and marks stand out from the ground.
                Assert.True(await Number(browser, $"({Contrast})(getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor)") > 7);
                foreach (string mark in (string[])["svg .a", "svg .b", "svg text.m"])
                {
                    Assert.True(
                        await Number(browser, $"({Contrast})(getComputedStyle(document.querySelector('{mark}')).fill, getComputedStyle(document.body).backgroundColor)") > 4.5, $"{mark}, {scheme}");
                }
            }

            // Nothing is cut off, neither on a wide window nor on a narrow one (the table of layers scrolls by itself).
            Assert.True((bool)(await browser.Evaluate("document.documentElement.scrollWidth <= innerWidth"))!);
            Assert.Equal(0, await Number(browser, "[...document.querySelectorAll('svg')].filter(s => [...s.querySelectorAll('text')].some(t => t.getBoundingClientRect().right > s.getBoundingClientRect().right + 1)).length"));

            // The tabulator reaches every bar and every point in turn, and each says what it is.
            double marks = await Number(browser, $"document.querySelectorAll('{Marks}').length");
            HashSet<string> said = [];
            for (int presses = 0; presses < 200 && (await Number(browser, $"document.activeElement.matches('{Marks}') ? 1 : 0") == 0 || said.Add(await Label(browser))); presses++)
            {
                await browser.Press("Tab");
            }

            Assert.Equal(marks, said.Count);
            Assert.Contains(said, label => label.StartsWith("this network: bops 2000", StringComparison.Ordinal));

            // The button changes the colours.
            await browser.Evaluate("document.getElementById('theme').focus()");
            await browser.Press("Enter");
            Assert.Equal("light", (string?)await browser.Evaluate("document.documentElement.dataset.theme"));
            Assert.Empty(browser.Problems);
            Assert.All(browser.Requests, request => Assert.Equal(address, request));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> Number(Chromium browser, string expression) => (double)(await browser.Evaluate(expression))!;

    private static async Task<string> Label(Chromium browser) => (string)(await browser.Evaluate("document.activeElement.getAttribute('aria-label') + ' ' + document.activeElement.closest('svg').getAttribute('aria-label')"))!;
}

using System.Globalization;
using System.Net;
using System.Text;

namespace Hawq.Quantization.Cards;

/// <summary>A quantization card as one HTML page: no network access, no library; light and dark; every bar and point can be reached with the keyboard.</summary>
public static class CardHtml
{
    private const string Style = """
        :root { color-scheme: light dark; --bg: #ffffff; --fg: #1b1f24; --muted: #59636e; --line: #d1d9e0; --a: #0b62c4; --b: #b45309; --focus: #8250df; }
        @media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { --bg: #0d1117; --fg: #e6edf3; --muted: #9198a1; --line: #3d444d; --a: #58a6ff; --b: #f0a04b; --focus: #d2a8ff; } }
        :root[data-theme=dark] { --bg: #0d1117; --fg: #e6edf3; --muted: #9198a1; --line: #3d444d; --a: #58a6ff; --b: #f0a04b; --focus: #d2a8ff; color-scheme: dark; }
        :root[data-theme=light] { color-scheme: light; }
        body { background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1rem; }
        a { color: var(--a); } h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
        table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
        td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; white-space: nowrap; } th { color: var(--muted); font-weight: 600; } th[scope=row] { width: 18rem; } .scroll th, .scroll td { width: auto; overflow-wrap: normal; white-space: nowrap; }
        nav a { margin-right: 1rem; } button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: .3rem; padding: .2rem .6rem; cursor: pointer; }
        svg { width: 100%; height: auto; } svg text { fill: var(--fg); font: 12px system-ui, sans-serif; } svg text.m { fill: var(--muted); }
        svg .a { fill: var(--a); } svg .b { fill: var(--b); } svg .axis { stroke: var(--line); } svg .ring { fill: none; stroke: var(--b); stroke-width: 2; }
        :focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; } .scroll { overflow-x: auto; } img { max-width: 100%; image-rendering: pixelated; } .muted { color: var(--muted); } .c { color: var(--b); font-weight: 600; }
        """;

    private const string Script = """
        document.getElementById("theme").addEventListener("click", () => {
          const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
          root.dataset.theme = dark ? "light" : "dark";
        });
        """;

    /// <summary>Renders; the same card gives the same bytes.</summary>
    /// <param name="card">The card.</param>
    /// <param name="contactSheet">A PNG of the images that the network was calibrated on, or null.</param>
    public static string Render(QuantizationCard card, byte[]? contactSheet = null)
    {
        StringBuilder body = new();
        List<(string Id, string Title)> charts = [];
        void Chart(string id, string title, string? svg)
        {
            if (svg is not null)
            {
                charts.Add((id, title));
                body.Append($"<h2 id=\"{id}\">{Encode(title)}</h2>\n{svg}\n");
            }
        }

        Chart("bits", "Bits per layer", CardCharts.Bars(
            "Bits per layer", card.Layers.Select(layer => new CardBar(layer.Name, layer.WeightBits, $"weights {layer.WeightBits} bits", layer.InputBits, $"input {layer.InputBits} bits ({layer.InputType})")), "weights", "input"));
        Chart("sqnr", "Error per layer: float against integer, SQNR in dB (higher is better)", CardCharts.Bars(
            "SQNR per layer", card.Layers.Where(layer => layer.SqnrDb is not null).Select(layer => new CardBar(layer.Name, Math.Max(layer.SqnrDb!.Value, 0), Text(layer.SqnrDb.Value, "0.0") + " dB"))));
        Chart("sensitivity", "Sensitivity per layer at its bits (logarithmic)", CardCharts.LogBars(
            "Sensitivity per layer", card.Layers.Where(layer => layer.Sensitivity > 0).Select(layer => (layer.Name, layer.Sensitivity!.Value, Text(layer.Sensitivity.Value, "0.00E+0")))));
        Chart("latency", "Time per layer", CardCharts.Bars(
            "Time per layer", card.Layers.Where(layer => layer.Nanoseconds is not null).Select(layer => new CardBar(layer.Name, layer.Nanoseconds!.Value / 1000, Text(layer.Nanoseconds.Value / 1000, "0.00") + " us"))));
        Chart("pareto", "Trade-off", CardCharts.Front(card));
        if (contactSheet is not null)
        {
            string title = $"Calibration images: {card.Value("data", "calibration")}";
            charts.Add(("images", title));
            body.Append($"<h2 id=\"images\">{Encode(title)}</h2>\n<img src=\"data:image/png;base64,{Convert.ToBase64String(contactSheet)}\" alt=\"All calibration images on one sheet, sorted by class\">\n");
        }

        foreach (CardSection section in card.Sections)
        {
            body.Append($"<h2 id=\"{section.Name}\">{Encode(section.Name)}</h2>\n<table>\n");
            foreach (CardField field in section.Fields)
            {
                body.Append($"<tr><th scope=\"row\">{Encode(field.Name)}{(field.Confounder ? " <span class=\"c\" title=\"confounder\">*</span>" : "")}</th><td>{Encode(field.Value)}</td></tr>\n");
            }

            body.Append("</table>\n");
        }

        body.Append(LayerTable(card));
        StringBuilder page = new();
        page.Append($"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Quantization card: {Encode(card.Network)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n");
        page.Append($"<h1>Quantization card: {Encode(card.Network)}</h1>\n<p class=\"muted\">Computed from the manifest by <code>hawq card</code>. Fields marked <span class=\"c\">*</span> are confounders: networks that differ in them must not be compared by their results alone.</p>\n");
        page.Append("<nav aria-label=\"Sections\">");
        foreach ((string id, string title) in charts.Select(chart => (chart.Id, chart.Id)).Concat(card.Sections.Select(section => (section.Name, section.Name))).Append(("layers", "layers")))
        {
            page.Append($"<a href=\"#{id}\">{Encode(title)}</a> ");
        }

        page.Append("<button id=\"theme\" type=\"button\">light / dark</button></nav>\n<main>\n").Append(body).Append($"</main>\n<script>\n{Script}\n</script>\n</body>\n</html>\n");
        return page.ToString();
    }

    internal static string Encode(string text) => WebUtility.HtmlEncode(text);

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string LayerTable(QuantizationCard card)
    {
        StringBuilder text = new("<h2 id=\"layers\">layers</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Layers\">\n<table>\n<tr>");
        foreach ((string title, string cell) in new[]
            { ("layer", ""), ("op", ""), ("bits w/a", " class=\"n\""), ("input", ""), ("clip", " class=\"n\""), ("weights", " class=\"n\""), ("MACs", " class=\"n\""), ("accumulator", " class=\"n\""), ("SQNR dB", " class=\"n\""), ("sensitivity", " class=\"n\""), ("ns", " class=\"n\"") })
        {
            text.Append($"<th scope=\"col\"{cell}>{title}</th>");
        }

        text.Append("</tr>\n");
        foreach (CardLayer layer in card.Layers)
        {
            text.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{Encode(layer.Name)}</th><td>{layer.Op}</td><td class=\"n\">{layer.WeightBits}/{layer.InputBits}</td><td>{layer.InputType}</td><td class=\"n\">{layer.ClipLow:0.###} .. {layer.ClipHigh:0.###}</td><td class=\"n\">{layer.Weights}</td><td class=\"n\">{layer.Macs}</td>");
            text.Append(CultureInfo.InvariantCulture, $"<td class=\"n\">{layer.AccumulatorLo} .. {layer.AccumulatorHi}</td><td class=\"n\">{layer.SqnrDb:0.0}</td><td class=\"n\">{layer.Sensitivity:0.00E+0}</td><td class=\"n\">{layer.Nanoseconds:0}</td></tr>\n");
        }

        return text.Append("</table>\n</div>\n").ToString();
    }
}

using System.Globalization;
using System.Text;
using Hawq.Quantization.MixedPrecision;

namespace Hawq.Quantization.Cards;

/// <summary>One row of a bar chart, with one or two bars.</summary>
/// <param name="Label">Name of the row.</param>
/// <param name="Value">Length of the first bar, at least 0.</param>
/// <param name="Text">What it says.</param>
/// <param name="Second">Length of the second bar, or null.</param>
/// <param name="SecondText">What that says.</param>
internal sealed record CardBar(string Label, double Value, string Text, double? Second = null, string? SecondText = null);

/// <summary>Charts as inline SVG. Every mark takes the keyboard focus and says its value to screen readers.</summary>
internal static class CardCharts
{
    private const int Width = 900, LabelWidth = 250, Row = 20, ValueWidth = 150;

    /// <summary>Horizontal bars from zero, or null when there are none.</summary>
    public static string? Bars(string title, IEnumerable<CardBar> bars, string? first = null, string? second = null)
    {
        CardBar[] rows = [.. bars];
        if (rows.Length == 0)
        {
            return null;
        }

        double largest = rows.Max(row => Math.Max(row.Value, row.Second ?? 0));
        double scale = largest > 0 ? (Width - LabelWidth - ValueWidth) / largest : 0;
        int top = first is null ? 0 : Row;
        StringBuilder svg = Open(title, Width, (rows.Length * Row) + top);
        if (first is not null)
        {
            svg.Append($"<rect class=\"a\" x=\"{LabelWidth}\" y=\"4\" width=\"10\" height=\"10\"/><text x=\"{LabelWidth + 16}\" y=\"14\">{first}</text><rect class=\"b\" x=\"{LabelWidth + 100}\" y=\"4\" width=\"10\" height=\"10\"/><text x=\"{LabelWidth + 116}\" y=\"14\">{second}</text>\n");
        }

        for (int i = 0; i < rows.Length; i++)
        {
            CardBar row = rows[i];
            int y = top + (i * Row);
            string says = row.SecondText is null ? row.Text : $"{row.Text}, {row.SecondText}";
            int height = row.Second is null ? 12 : 6;
            double end = LabelWidth + (scale * Math.Max(row.Value, row.Second ?? 0)) + 6;
            svg.Append(CultureInfo.InvariantCulture, $"<g tabindex=\"0\" role=\"img\" aria-label=\"{CardHtml.Encode(row.Label)}: {CardHtml.Encode(says)}\"><title>{CardHtml.Encode(row.Label)}: {CardHtml.Encode(says)}</title>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{LabelWidth - 8}\" y=\"{y + 14}\" text-anchor=\"end\">{CardHtml.Encode(Shorten(row.Label))}</text><rect class=\"a\" x=\"{LabelWidth}\" y=\"{y + 4}\" width=\"{scale * row.Value:0.##}\" height=\"{height}\"/>");
            if (row.Second is double other)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"b\" x=\"{LabelWidth}\" y=\"{y + 11}\" width=\"{scale * other:0.##}\" height=\"{height}\"/>");
            }

            string shown = row.Second is double value ? string.Create(CultureInfo.InvariantCulture, $"{row.Value:0.##}/{value:0.##}") : row.Text;
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"m\" x=\"{end:0.##}\" y=\"{y + 14}\">{CardHtml.Encode(shown)}</text></g>\n");
        }

        return svg.Append("</svg>").ToString();
    }

    /// <summary>Bars whose length is the logarithm of positive values, the smallest just visible.</summary>
    public static string? LogBars(string title, IEnumerable<(string Label, double Value, string Text)> values)
    {
        (string Label, double Value, string Text)[] rows = [.. values];
        double floor = rows.Length == 0 ? 0 : Math.Floor(Math.Log10(rows.Min(row => row.Value))) - 0.1;
        return Bars(title, rows.Select(row => new CardBar(row.Label, Math.Log10(row.Value) - floor, row.Text)));
    }

    /// <summary>Cost against the measured SQNR (or, when not measured, the predicted loss), the point of this network ringed.</summary>
    public static string? Front(QuantizationCard card)
    {
        if (card.Front is not ParetoFront front)
        {
            return null;
        }

        bool measured = front.Points.All(point => point.Measured?.SqnrDb is not null);
        (ParetoPoint Point, double X, double Y)[] points =
        [
            .. front.Points.Where(point => measured || point.Objective > 0)
                .Select(point => (point, (double)point.Cost, measured ? point.Measured!.SqnrDb!.Value : -Math.Log10(point.Objective))),
        ];
        if (points.Length == 0)
        {
            return null;
        }

        const int Height = 346, Left = 60, Bottom = 300, Right = 870, Top = 20;
        (double lowX, double highX) = (points.Min(p => p.X), points.Max(p => p.X));
        (double lowY, double highY) = (points.Min(p => p.Y), points.Max(p => p.Y));
        double X(double x) => highX > lowX ? Left + ((x - lowX) / (highX - lowX) * (Right - Left - 20)) + 10 : (Left + Right) / 2;
        double Y(double y) => highY > lowY ? Bottom - 10 - ((y - lowY) / (highY - lowY) * (Bottom - Top - 20)) : (Top + Bottom) / 2;
        StringBuilder svg = Open("Trade-off", Width, Height);
        svg.Append($"<line class=\"axis\" x1=\"{Left}\" y1=\"{Bottom}\" x2=\"{Right}\" y2=\"{Bottom}\"/><line class=\"axis\" x1=\"{Left}\" y1=\"{Top}\" x2=\"{Left}\" y2=\"{Bottom}\"/>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"m\" x=\"{Left}\" y=\"{Bottom + 18}\">{Amount(lowX, front.Cost)}</text><text class=\"m\" x=\"{Right}\" y=\"{Bottom + 18}\" text-anchor=\"end\">{Amount(highX, front.Cost)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"m\" x=\"{Left + 6}\" y=\"{Top + 4}\">{(measured ? "SQNR of the logits, dB (higher is better)" : "predicted loss, logarithmic (up is better)")}</text>");
        foreach (double y in new[] { lowY, highY }.Distinct())
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"m\" x=\"{Left - 8}\" y=\"{Y(y) + 4:0.#}\" text-anchor=\"end\">{(measured ? y.ToString("0.0", CultureInfo.InvariantCulture) : Math.Pow(10, -y).ToString("0.0E+0", CultureInfo.InvariantCulture))}</text>");
        }

        svg.Append('\n');
        string[] names = [.. front.Layers];
        foreach ((ParetoPoint point, double x, double y) in points)
        {
            string bits = point.Uniform is { } uniform ? $"uniform {uniform}" : string.Join(", ", point.Bits.GroupBy(b => b).Select(group => $"{group.Count()} at {group.Key}"));
            string figure = measured ? $"{y.ToString("0.00", CultureInfo.InvariantCulture)} dB" : $"predicted loss {point.Objective.ToString("0.00E+0", CultureInfo.InvariantCulture)}";
            bool here = card.Layers.Count == names.Length && card.Layers.Select((layer, i) => layer.Name == names[i] && layer.WeightBits == point.Bits[i].Weights && layer.InputBits == point.Bits[i].Activations).All(same => same);
            string says = CardHtml.Encode(string.Create(CultureInfo.InvariantCulture, $"{(here ? "this network: " : "")}{front.Cost} {point.Cost:0}, {figure}, {bits}"));
            svg.Append(CultureInfo.InvariantCulture, $"<g tabindex=\"0\" role=\"img\" aria-label=\"{says}\"><title>{says}</title><circle class=\"{(point.Uniform is null ? "a" : "b")}\" cx=\"{X(x):0.#}\" cy=\"{Y(y):0.#}\" r=\"5\"/>");
            svg.Append(here ? string.Create(CultureInfo.InvariantCulture, $"<circle class=\"ring\" cx=\"{X(x):0.#}\" cy=\"{Y(y):0.#}\" r=\"9\"/></g>\n") : "</g>\n");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"a\" cx=\"{Left + 10}\" cy=\"{Height - 12}\" r=\"5\"/><text x=\"{Left + 20}\" y=\"{Height - 8}\">optimum of a budget</text><circle class=\"b\" cx=\"{Left + 180}\" cy=\"{Height - 12}\" r=\"5\"/><text x=\"{Left + 190}\" y=\"{Height - 8}\">uniform</text>");
        return svg.Append("</svg>").ToString();
    }

    /// <summary>A cost with its unit, in thousands or millions where that is shorter.</summary>
    private static string Amount(double value, string cost)
    {
        (double factor, string unit) = (cost, value) switch
        {
            (CostNames.Latency, _) => (1e-3, "us"),
            (CostNames.Size, _) => (1e-3, "kB"),
            (_, >= 1e8) => (1e-9, "G BOPS"),
            (_, >= 1e5) => (1e-6, "M BOPS"),
            _ => (1, "BOPS"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{value * factor:0.###} {unit}");
    }

    private static StringBuilder Open(string title, int width, int height) =>
        new($"<svg viewBox=\"0 0 {width} {height}\" role=\"group\" aria-label=\"{CardHtml.Encode(title)}\">\n");

    private static string Shorten(string label) => label.Length <= 34 ? label : "..." + label[^31..];
}

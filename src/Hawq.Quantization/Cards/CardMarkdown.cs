using System.Globalization;
using System.Text;

namespace Hawq.Quantization.Cards;

/// <summary>A quantization card as Markdown.</summary>
public static class CardMarkdown
{
    /// <summary>Renders; the same card gives the same text.</summary>
    public static string Render(QuantizationCard card)
    {
        StringBuilder text = new();
        text.Append($"# Quantization card: {Escape(card.Network)}\n\nComputed from the manifest by `hawq card`. Fields marked * are confounders: networks that differ in them must not be compared by their results alone.\n");
        foreach (CardSection section in card.Sections)
        {
            text.Append($"\n## {section.Name}\n\n| field | value |\n|---|---|\n");
            foreach (CardField field in section.Fields)
            {
                text.Append($"| {Escape(field.Name)}{(field.Confounder ? " *" : "")} | {Escape(field.Value)} |\n");
            }
        }

        text.Append("\n## layers\n\n| layer | op | bits w/a | input | clip | weights | MACs | accumulator | SQNR dB | sensitivity | ns |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
        foreach (CardLayer layer in card.Layers)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {Escape(layer.Name)} | {layer.Op} | {layer.WeightBits}/{layer.InputBits} | {layer.InputType} | {layer.ClipLow:0.###} .. {layer.ClipHigh:0.###} | {layer.Weights} | {layer.Macs} | ");
            text.Append(CultureInfo.InvariantCulture, $"{layer.AccumulatorLo} .. {layer.AccumulatorHi} | {layer.SqnrDb:0.0} | {layer.Sensitivity:0.00E+0} | {layer.Nanoseconds:0} |\n");
        }

        return text.ToString();
    }

    private static string Escape(string text) => text.Replace("\\", "\\\\").Replace("|", "\\|").Replace("<", "&lt;").Replace("*", "\\*").Replace("_", "\\_");
}

namespace Hawq.Quantization.Cards;

/// <summary>One field in which two cards differ.</summary>
/// <param name="Field"><c>section.field</c>.</param>
/// <param name="A">Value in the first card.</param>
/// <param name="B">Value in the second card.</param>
/// <param name="Confounder">Whether it forbids to compare the results.</param>
public sealed record CardDifference(string Field, string A, string B, bool Confounder)
{
    /// <summary>All differences, in the order of the first card.</summary>
    public static IReadOnlyList<CardDifference> Between(QuantizationCard a, QuantizationCard b)
    {
        Dictionary<string, CardField> first = Fields(a), second = Fields(b);
        return
        [
            .. first.Keys.Concat(second.Keys.Where(name => !first.ContainsKey(name))).Select(name =>
            {
                CardField? left = first.GetValueOrDefault(name), right = second.GetValueOrDefault(name);
                return new CardDifference(name, left?.Value ?? "absent", right?.Value ?? "absent", (left ?? right)!.Confounder);
            }).Where(difference => difference.A != difference.B),
        ];
    }

    private static Dictionary<string, CardField> Fields(QuantizationCard card) =>
        card.Sections.SelectMany(section => section.Fields.Select(field => (Name: $"{section.Name}.{field.Name}", field))).ToDictionary(pair => pair.Name, pair => pair.field);
}

namespace Hawq.Model;

/// <summary>Dyadic multipliers in the manifest.</summary>
internal static class DyadicFields
{
    /// <summary>One multiplier: <c>[b, c]</c>.</summary>
    public static Dyadic Read(FieldReader fields, string name)
    {
        List<JsonNode> items = fields.Items(name, 2, 2);
        return items.Count < 2
            ? default
            : new Dyadic(
                (int)fields.Long(items[0], name, Dyadic.MinMultiplier, int.MaxValue), (int)fields.Long(items[1], name, Dyadic.MinShift, Dyadic.MaxShift));
    }

    public static void Write(ManifestText text, string name, Dyadic dyadic) => text.Ints(name, [dyadic.Multiplier, dyadic.Shift]);
}

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// Writes the statements that every multiply-accumulate loop consists of: load the codes of a pixel (or tile), multiply them with the weights of every
/// vector, add to the accumulators. What is left open is the order: see <see cref="VectorTier.ProductsAhead"/>.
/// </summary>
internal static class ProductSums
{
    /// <summary>Writes the statements.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="tier">Vector type, and the order.</param>
    /// <param name="lanes">C# type of the lanes of products and accumulators.</param>
    /// <param name="accumulator">Letter of the accumulators: c for c0_0.</param>
    /// <param name="places">Pixel and vector of every product, those of a pixel together.</param>
    /// <param name="load">The statement that loads the codes of a pixel.</param>
    /// <param name="product">The product of a pixel and a vector.</param>
    public static void Write(
        SourceWriter writer, VectorTier tier, string lanes, string accumulator, IReadOnlyList<(int Pixel, int Vector)> places, Func<int, string> load, Func<int, int, string> product)
    {
        int loaded = -1;
        for (int first = 0; first < places.Count;)
        {
            (int Pixel, int Vector)[] group = Group(places, first, tier.ProductsAhead);
            first += group.Length;
            string loads = string.Join(" ", group.Select(place => place.Pixel).Distinct().Where(pixel => pixel > loaded).Select(load));
            loaded = group[group.Length - 1].Pixel;
            string[] sums = tier.ProductsAhead == 1 || group.Length == 1
                ? [string.Join(" ", group.Select(p => $"{accumulator}{p.Pixel}_{p.Vector} += {product(p.Pixel, p.Vector)};"))]
                :
                [
                    $"{tier.Vector}<{lanes}> {string.Join(", ", group.Select(p => $"p{p.Pixel}_{p.Vector} = {product(p.Pixel, p.Vector)}"))};",
                    string.Join(" ", group.Select(p => $"{accumulator}{p.Pixel}_{p.Vector} += p{p.Pixel}_{p.Vector};")),
                ];
            writer.Statements(loads.Length == 0 ? sums : [loads, .. sums]);
        }
    }

    // All products of a pixel, and of so many more pixels that there are enough.
    private static (int Pixel, int Vector)[] Group(IReadOnlyList<(int Pixel, int Vector)> places, int first, int least)
    {
        int end = first + 1;
        while (end < places.Count && (end - first < least || places[end].Pixel == places[end - 1].Pixel))
        {
            end++;
        }

        return [.. places.Skip(first).Take(end - first)];
    }
}

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// Writes the statements that every multiply-accumulate loop consists of: load the codes of a pixel (or tile), multiply them with the weights of every
/// vector, add to the accumulators. What is left open is the order: see <see cref="VectorTier.ProductOrder"/>.
/// </summary>
internal static class ProductSums
{
    /// <summary>Writes the statements.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="tier">Vector type, and the order.</param>
    /// <param name="lanes">C# type of the lanes of products and accumulators.</param>
    /// <param name="accumulator">The accumulator of a place.</param>
    /// <param name="places">Pixel and vector of every product, those of a pixel together.</param>
    /// <param name="codes">The statement that loads the codes of a pixel.</param>
    /// <param name="product">The product of a place.</param>
    public static void Write(
        SourceWriter writer, VectorTier tier, string lanes, Func<int, int, string> accumulator, IReadOnlyList<(int Pixel, int Vector)> places, Func<int, string> codes, Func<int, int, string> product)
    {
        (int ahead, int group) = tier.ProductOrder(places.Select(p => accumulator(p.Pixel, p.Vector)).Distinct().Count(), places.Count(place => place.Pixel == places[0].Pixel));
        if (group == 1)
        {
            foreach (IGrouping<int, (int Pixel, int Vector)> pixel in places.GroupBy(place => place.Pixel))
            {
                writer.Statements(codes(pixel.Key), string.Join(" ", pixel.Select(p => $"{accumulator(p.Pixel, p.Vector)} += {product(p.Pixel, p.Vector)};")));
            }

            return;
        }

        int multiplied = 0;
        for (int added = 0; added < places.Count;)
        {
            List<string> statements = [];
            int next = Math.Min(places.Count, multiplied + (multiplied == 0 ? ahead + group : group));
            foreach (IGrouping<int, (int Pixel, int Vector)> pixel in places.Skip(multiplied).Take(next - multiplied).GroupBy(place => place.Pixel))
            {
                string load = pixel.First().Vector == places[0].Vector ? codes(pixel.Key) + " " : "";
                statements.Add($"{load}{tier.Vector}<{lanes}> {string.Join(", ", pixel.Select(p => $"p{p.Pixel}_{p.Vector} = {product(p.Pixel, p.Vector)}"))};");
            }

            multiplied = next;
            int end = multiplied == places.Count ? places.Count : added + group;
            statements.Add(string.Join(" ", places.Skip(added).Take(end - added).Select(p => $"{accumulator(p.Pixel, p.Vector)} += p{p.Pixel}_{p.Vector};")));
            added = end;
            writer.Statements([.. statements]);
        }
    }
}

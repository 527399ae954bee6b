using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// Pairs are accumulated in int16 lanes and widened at planned intervals; the int32 sums are in memory meanwhile, so that registers are left for products. On
/// AVX-VNNI the same text has int32 lanes: its operations AddPairs and WidenPairs ask the machine.
/// </summary>
internal sealed class Int16LaneProducts(ConvKernel kernel) : ConvProducts(kernel)
{
    private bool Asks => Kernel.Tier.Bytes == 32;

    private string Vector => Kernel.Tier.Vector;

    /// <inheritdoc/>
    public override bool SumsInMemory => Kernel.Choice.Window < Kernel.Steps;

    /// <inheritdoc/>
    public override void Write(SourceWriter writer, ConvTile tile)
    {
        int steps = Kernel.Geometry.StepsPerRun;
        if (!SumsInMemory)
        {
            writer.Line("// int16 sums over the whole kernel (see the proof), widened once at the end.");
            Zero(writer, tile);
            tile.Rows(writer, () => Sum(writer, tile, steps));
            Multipliers(writer, tile);
            Func<int, string>? start = Start(writer, tile);
            Accumulators(writer, tile, (m, v) => start is null ? Widened(m, v) : $"{Widened(m, v)} + {start(v)}");
            return;
        }

        writer.Line($"int* sums = stackalloc int[{tile.Places.Count * Kernel.Tier.Lanes}];");
        Func<int, string> first = Start(writer, tile) ?? (_ => $"{Vector}<int>.Zero");
        writer.Statements([.. tile.Places.Select(p => $"{first(p.Vector)}.Store({Sums(tile, p.Pixel, p.Vector)});")]);

        // The facts speak of windows that start at multiples of their length, so a chunk is exactly as long as the proven window.
        int length = Math.Min(steps, Kernel.Choice.Window);
        string comment = $"// int16 sums over {length} step{(length == 1 ? "" : "s")} (see the proof), then one widening.";
        tile.Rows(writer, () => ConvTile.Windows(writer, "chunk", comment, steps, length, count => Chunk(writer, tile, count)));
        Accumulators(writer, tile, (m, v) => $"{Vector}.Load({Sums(tile, m, v)})");
    }

    private void Chunk(SourceWriter writer, ConvTile tile, int steps)
    {
        Zero(writer, tile);
        Sum(writer, tile, steps);
        Multipliers(writer, tile);
        writer.Statements([.. tile.Places.Select(p =>
            $"{Ops}.AddTo({Sums(tile, p.Pixel, p.Vector)}, {Widened(p.Pixel, p.Vector)});")]);
    }

    private void Zero(SourceWriter writer, ConvTile tile) =>
        writer.Line($"{Vector}<{(Asks ? "int" : "short")}> {string.Join(", ", tile.Accumulators("s").Select(name => $"{name} = default"))};");

    private void Sum(SourceWriter writer, ConvTile tile, int steps)
    {
        using (ConvTile.Loop(writer, "k", steps))
        {
            tile.LoadWeights(writer, 1);
            if (Asks)
            {
                for (int m = 0; m < tile.Pixels; m++)
                {
                    writer.Statements(LoadCodes(tile, m), tile.ForVectors(v => $"s{m}_{v} = {Ops}.AddPairs(s{m}_{v}, a{m}, w0_{v});"));
                }
            }
            else
            {
                ProductSums.Write(writer, Kernel.Tier, "short", (m, v) => $"s{m}_{v}", tile.Places, m => LoadCodes(tile, m), (m, v) => $"{Ops}.Products(a{m}, w0_{v})");
            }

            ConvTile.Advance(writer, 1);
        }
    }

    private void Multipliers(SourceWriter writer, ConvTile tile)
    {
        if (Kernel.Multiplies)
        {
            writer.Line("// Widen with the channels' multipliers in the place of ones.");
            writer.Line($"{Vector}<short> {tile.ListVectors(v => $"m{v} = {Vector}.Load((short*)table{ConvTile.Offset(2 * v * Kernel.Tier.Lanes)})")};");
        }
    }

    // Where the sums of a vector start: at the rounding terms, which hold the bias, at the bias, or (null) at zero.
    private Func<int, string>? Start(SourceWriter writer, ConvTile tile)
    {
        int first = Kernel.Multiplies ? 3 * Kernel.Step.Weights.PaddedChannels : 0;
        if (!Kernel.Multiplies && Kernel.Step.Epilogue.Requantize!.RoundingHoldsBias)
        {
            return null;
        }

        writer.Line($"{Vector}<int> {tile.ListVectors(v => $"b{v} = {Vector}.Load(table{ConvTile.Offset(first + (v * Kernel.Tier.Lanes))})")};");
        return v => $"b{v}";
    }

    private void Accumulators(SourceWriter writer, ConvTile tile, Func<int, int, string> sum)
    {
        for (int m = 0; m < tile.Pixels; m++)
        {
            writer.Line($"{Vector}<int> {tile.ListVectors(v => $"c{m}_{v} = {sum(m, v)}")};");
        }
    }

    private string Widened(int pixel, int vector) =>
        $"{Ops}.{(Asks ? "WidenPairs" : "Widen")}(s{pixel}_{vector}{(Kernel.Multiplies ? $", m{vector}" : "")})";

    private string Sums(ConvTile tile, int pixel, int vector) => $"sums{ConvTile.Offset(((pixel * tile.VectorCount) + vector) * Kernel.Tier.Lanes)}";
}

using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>How a tile multiplies and accumulates: one implementation per kernel family.</summary>
internal abstract class ConvProducts(ConvKernel kernel)
{
    /// <summary>The kernel that this belongs to.</summary>
    protected ConvKernel Kernel { get; } = kernel;

    /// <summary>The tier's operations class.</summary>
    protected string Ops => Kernel.Tier.Class;

    /// <summary>The family's implementation.</summary>
    public static ConvProducts For(ConvKernel kernel) => kernel.Choice.Family switch
    {
        KernelFamily.Tree or KernelFamily.Maddubs32 when kernel.Choice.Window > 1 || kernel.HasCorrections => new TreeProducts(kernel),
        KernelFamily.Tree or KernelFamily.Maddubs32 => new DotProducts(kernel, NeedsPairs(kernel) ? null : "Accumulate"),
        KernelFamily.Maddubs16 => new Int16LaneProducts(kernel),
        KernelFamily.Dot4 => new DotProducts(kernel, kernel.HasTwin ? "Accumulate" : "Dot"),
        KernelFamily.Widen => new WideProducts(kernel),
        KernelFamily.Depthwise => new DepthwiseProducts(kernel),
        _ => throw new InvalidOperationException($"{kernel.Choice.Family} is not a tile kernel."),
    };

    /// <summary>The statement that loads the four codes of a pixel.</summary>
    protected string LoadCodes(ConvTile tile, int pixel) => $"{Kernel.Tier.Vector}<byte> a{pixel} = {Ops}.Codes(a{ConvTile.Offset(tile.PixelOffset(pixel))});";

    // sdot of Arm takes signed codes.
    private static bool NeedsPairs(ConvKernel kernel) => kernel.Tier.Set == InstructionSet.Vector128 && kernel.Step.Input.StoredHi > sbyte.MaxValue;

    /// <summary>Writes the loops that add all products to the accumulators c{pixel}_{vector}.</summary>
    public abstract void Write(SourceWriter writer, ConvTile tile);
}

/// <summary>
/// The products of a few steps are summed in int16 lanes and widened once: the cheapest exact form for 8-bit weights with 7-bit codes.
/// </summary>
internal sealed class TreeProducts(ConvKernel kernel) : ConvProducts(kernel)
{
    /// <inheritdoc/>
    public override void Write(SourceWriter writer, ConvTile tile)
    {
        int steps = Kernel.Geometry.StepsPerRun;
        int window = Math.Min(Math.Max(1, Kernel.Choice.Window), steps);
        if (Kernel.HasCorrections)
        {
            writer.Line("byte* corner = x;");
        }

        tile.Rows(writer, () =>
        {
            if (steps / window > 0)
            {
                writer.Line($"// {window} steps of four codes: their int16 sums cannot overflow (see the proof), so one widening serves them all.");
                using (ConvTile.Loop(writer, "k", steps / window))
                {
                    WriteSum(writer, tile, window);
                }
            }

            if (steps % window != 0)
            {
                writer.Line("// The rest of the run.");
                using (writer.Block())
                {
                    WriteSum(writer, tile, steps % window);
                }
            }
        });

        if (Kernel.HasCorrections)
        {
            WriteCorrections(writer, tile);
        }
    }

    private void WriteSum(SourceWriter writer, ConvTile tile, int window)
    {
        tile.LoadWeights(writer, window);
        for (int m = 0; m < tile.Pixels; m++)
        {
            for (int s = 0; s < window; s++)
            {
                writer.Line($"{Kernel.Tier.Vector}<byte> a{m}_{s} = {Ops}.Codes(a{ConvTile.Offset(tile.PixelOffset(m) + (4 * s))});");
            }

            string Products(int s, int v) => $"{Ops}.Products(a{m}_{s}, w{s}_{v})";
            if (Kernel.Tier.ProductsAhead == 1 || window < 3)
            {
                writer.Line(tile.ForVectors(v => $"c{m}_{v} += {Ops}.Widen({Sum(s => Products(s, v))});"));
                continue;
            }

            // Longer sums gain 5 % from this order on Zen 4, shorter ones lose 8 %.
            string All(Func<int, string> part) => string.Join(", ", Enumerable.Range(0, tile.VectorCount).Select(part));
            for (int s = 0; s < window; s++)
            {
                writer.Line($"{Kernel.Tier.Vector}<short> {All(v => $"p{m}_{s}_{v} = {Products(s, v)}")};");
            }

            writer.Line($"{Kernel.Tier.Vector}<int> {All(v => $"q{m}_{v} = {Ops}.Widen({Sum(s => $"p{m}_{s}_{v}")})")};");
            writer.Line(tile.ForVectors(v => $"c{m}_{v} += q{m}_{v};"));
        }

        ConvTile.Advance(writer, window);

        string Sum(Func<int, string> product) => string.Join(" + ", Enumerable.Range(0, window).Select(product));
    }

    // What the packing took out of weights whose sums would not fit is added here, one step at a time.
    private void WriteCorrections(SourceWriter writer, ConvTile tile)
    {
        writer.Line("// Correction steps: what packing took out of windows whose sums could leave int16; usually a few, often none.");
        int perBlock = Kernel.Tier.VectorsPerBlock;
        for (int block = 0; block < tile.Blocks; block++)
        {
            writer.Line($"int* e{block} = corrections{ConvTile.Offset(block * Kernel.CorrectionInts)};");
            writer.Line($"sbyte* f{block} = (sbyte*)(e{block} + {Kernel.CorrectionOffsetInts});");
            using (writer.Block($"for (int k = 1; k <= e{block}[0]; k++, f{block} += 64)"))
            {
                writer.Line($"byte* z = corner + e{block}[k];");
                for (int v = 0; v < perBlock; v++)
                {
                    writer.Line($"{Kernel.Tier.Vector}<sbyte> u{v} = {Kernel.Tier.Vector}.Load(f{block}{ConvTile.Offset(v * Kernel.Tier.Bytes)});");
                }

                for (int m = 0; m < tile.Pixels; m++)
                {
                    writer.Line($"{Kernel.Tier.Vector}<byte> z{m} = {Ops}.Codes(z{ConvTile.Offset(tile.PixelOffset(m))});");
                    for (int v = 0; v < perBlock; v++)
                    {
                        writer.Line($"c{m}_{(block * perBlock) + v} += {Ops}.Widen({Ops}.Products(z{m}, u{v}));");
                    }
                }
            }
        }
    }
}

/// <summary>Pairs are accumulated in int16 lanes and spilled into the int32 accumulators at planned intervals.</summary>
internal sealed class Int16LaneProducts(ConvKernel kernel) : ConvProducts(kernel)
{
    /// <inheritdoc/>
    public override void Write(SourceWriter writer, ConvTile tile)
    {
        int steps = Kernel.Geometry.StepsPerRun;
        int runs = Kernel.Geometry.Kernel.Height * Kernel.Geometry.RunsPerRow;
        if (Kernel.Choice.Window >= steps * runs)
        {
            writer.Line("// int16 sums over the whole kernel (see the proof), widened once at the end.");
            Zero(writer, tile);
            tile.Rows(writer, () => Sum(writer, tile, steps));
            Spill(writer, tile);
            return;
        }

        // The facts speak of windows that start at multiples of their length, so a chunk is exactly as long as the proven window.
        int length = Math.Min(steps, Kernel.Choice.Window);
        tile.Rows(writer, () =>
        {
            writer.Line($"// int16 sums over {length} step{(length == 1 ? "" : "s")} (see the proof), then one widening.");
            using (ConvTile.Loop(writer, "chunk", steps / length))
            {
                Zero(writer, tile);
                Sum(writer, tile, length);
                Spill(writer, tile);
            }

            if (steps % length != 0)
            {
                writer.Line("// The rest of the run.");
                using (writer.Block())
                {
                    Zero(writer, tile);
                    Sum(writer, tile, steps % length);
                    Spill(writer, tile);
                }
            }
        });
    }

    private void Zero(SourceWriter writer, ConvTile tile) =>
        writer.Line($"{Kernel.Tier.Vector}<short> {string.Join(", ", tile.Accumulators("s").Select(name => $"{name} = default"))};");

    private void Sum(SourceWriter writer, ConvTile tile, int steps)
    {
        using (ConvTile.Loop(writer, "k", steps))
        {
            tile.LoadWeights(writer, 1);
            ProductSums.Write(writer, Kernel.Tier, "short", "s", tile.Places, m => LoadCodes(tile, m), (m, v) => $"{Ops}.Products(a{m}, w0_{v})");

            ConvTile.Advance(writer, 1);
        }
    }

    private void Spill(SourceWriter writer, ConvTile tile)
    {
        for (int m = 0; m < tile.Pixels; m++)
        {
            writer.Line(tile.ForVectors(v => $"c{m}_{v} += {Ops}.Widen(s{m}_{v});"));
        }
    }
}

/// <summary>
/// Four products per lane and step, added at once: vpdpbusd and its relatives (<c>Dot</c>: exact for all codes and weights), or the classic vpmaddubsw +
/// vpmaddwd + vpaddd where no pair can saturate (<c>Accumulate</c>, which is one instruction where the machine has it).
/// </summary>
/// <param name="kernel">The kernel.</param>
/// <param name="operation">The operation, or null for pairs that are widened.</param>
internal sealed class DotProducts(ConvKernel kernel, string? operation) : ConvProducts(kernel)
{
    /// <inheritdoc/>
    public override void Write(SourceWriter writer, ConvTile tile) => tile.Rows(writer, () =>
    {
        writer.Line("// Four codes by four weights per step.");
        using (ConvTile.Loop(writer, "k", Kernel.Geometry.StepsPerRun))
        {
            tile.LoadWeights(writer, 1);
            for (int m = 0; m < tile.Pixels; m++)
            {
                writer.Line(LoadCodes(tile, m));
                int pixel = m;
                writer.Line(tile.ForVectors(v => operation is null
                    ? $"c{pixel}_{v} += {Ops}.Widen({Ops}.Products(a{pixel}, w0_{v}));"
                    : $"c{pixel}_{v} = {Ops}.{operation}(c{pixel}_{v}, a{pixel}, w0_{v});"));
            }

            ConvTile.Advance(writer, 1);
        }
    });
}

/// <summary>int16 products of widened codes and weights: exact for all codes and weights, on every tier.</summary>
internal sealed class WideProducts(ConvKernel kernel) : ConvProducts(kernel)
{
    /// <inheritdoc/>
    public override void Write(SourceWriter writer, ConvTile tile) => tile.Rows(writer, () =>
    {
        // Rows of three channels end with a single code more often than not: 3 columns have 9, 7 have 21.
        ConvGeometry g = Kernel.Geometry;
        bool single = g.RunLength % 4 == 1;
        int whole = g.StepsPerRun - (single ? 1 : 0);
        if (whole > 0)
        {
            writer.Line("// Four codes by four weights per step, the even and the odd ones as int16 pairs.");
            using (ConvTile.Loop(writer, "k", whole))
            {
                WriteStep(writer, tile, true);
            }
        }

        if (single)
        {
            writer.Line("// The last code of the run.");
            using (writer.Block())
            {
                WriteStep(writer, tile, false);
            }
        }
    });

    private void WriteStep(SourceWriter writer, ConvTile tile, bool odd)
    {
        for (int v = 0; v < tile.VectorCount; v++)
        {
            string Load(int half) => $"{Kernel.Tier.Vector}.Load((short*)(w{ConvTile.Offset(tile.WeightOffset(v) + (half * Kernel.StepBytes / 2))}))";
            writer.Line($"{Kernel.Tier.Vector}<short> even{v} = {Load(0)}{(odd ? $", odd{v} = {Load(1)}" : "")};");
        }

        for (int m = 0; m < tile.Pixels; m++)
        {
            writer.Line(LoadCodes(tile, m));
            writer.Line(tile.ForVectors(v => $"c{m}_{v} += {Ops}.WideProducts(a{m}, even{v}{(odd ? $", odd{v}" : "")});"));
        }

        writer.Line("a += 4;");
        writer.Line($"w += {Kernel.StepBytes};");
    }
}

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
        KernelFamily.Tree => new TreeProducts(kernel),
        KernelFamily.Maddubs16 => new Int16LaneProducts(kernel),
        KernelFamily.Dot4 => new DotProducts(kernel),
        KernelFamily.Widen => new WideProducts(kernel),
        KernelFamily.Depthwise => new DepthwiseProducts(kernel),
        _ => throw new InvalidOperationException($"{kernel.Choice.Family} is not a tile kernel."),
    };

    /// <summary>The statement that loads the four codes of a pixel.</summary>
    protected string LoadCodes(ConvTile tile, int pixel) => $"{Kernel.Tier.Vector}<byte> a{pixel} = {Ops}.Codes(a{ConvTile.Offset(tile.PixelOffset(pixel))});";

    /// <summary>Whether int32 sums are in memory on the stack while registers hold int16 sums.</summary>
    public virtual bool SumsInMemory => false;

    /// <summary>Declares the accumulators c{pixel}_{vector} and writes the loops that add all products, and the bias.</summary>
    public abstract void Write(SourceWriter writer, ConvTile tile);
}

/// <summary>
/// The products of a few steps are summed in int16 lanes and widened once: the cheapest exact form for 8-bit weights with 7-bit codes. One or two steps
/// are the operation <c>Accumulate</c>, which is vpdpbusd or sdot where the machine has it.
/// </summary>
internal sealed class TreeProducts(ConvKernel kernel) : ConvProducts(kernel)
{
    /// <summary>The most steps that <c>Accumulate</c> takes.</summary>
    public const int LongestAccumulated = 2;

    // sdot of Arm takes signed codes.
    private bool NeedsPairs => Kernel.Tier.Set == InstructionSet.Vector128 && Kernel.Step.Input.StoredHi > sbyte.MaxValue;

    /// <inheritdoc/>
    public override void Write(SourceWriter writer, ConvTile tile)
    {
        tile.StartAtBias(writer);
        int steps = Kernel.Geometry.StepsPerRun;
        int window = Math.Min(Math.Max(1, Kernel.Choice.Window), steps);
        bool moves = Kernel.Runs > 1;
        if (Kernel.HasCorrections && moves)
        {
            writer.Line("byte* corner = x;");
        }

        string comment = window == 1
            ? "// Four codes by four weights per step."
            : $"// {window} steps of four codes: their int16 sums cannot overflow (see the proof), so one widening serves them all.";
        tile.Rows(writer, () => ConvTile.Windows(writer, "k", comment, steps, window, count => WriteSum(writer, tile, count)));

        if (Kernel.HasCorrections)
        {
            WriteCorrections(writer, tile, moves ? "corner" : "x");
        }
    }

    private void WriteSum(SourceWriter writer, ConvTile tile, int window)
    {
        tile.LoadWeights(writer, window);
        int[] all = [.. Enumerable.Range(0, window)];
        for (int m = 0; m < tile.Pixels; m++)
        {
            string loads = $"{Kernel.Tier.Vector}<byte> {string.Join(", ", all.Select(s => $"a{m}_{s} = {Ops}.Codes(a{ConvTile.Offset(tile.PixelOffset(m) + (4 * s))})"))};";
            if (Kernel.Tier.Set != InstructionSet.Avx512 || window < 3)
            {
                writer.Statements(loads, tile.ForVectors(v => Add($"c{m}_{v}", [.. all.Select(s => ($"a{m}_{s}", $"w{s}_{v}"))])));
                continue;
            }

            writer.Line(loads);

            // Longer sums gain 5 % from this order on Zen 4, shorter ones lose 8 %.
            string Each(Func<int, string> part) => string.Join(", ", Enumerable.Range(0, tile.VectorCount).Select(part));
            foreach (int s in all)
            {
                writer.Line($"{Kernel.Tier.Vector}<short> {Each(v => $"p{m}_{s}_{v} = {Ops}.Products(a{m}_{s}, w{s}_{v})")};");
            }

            writer.Line($"{Kernel.Tier.Vector}<int> {Each(v => $"q{m}_{v} = {Ops}.Widen({string.Join(" + ", all.Select(s => $"p{m}_{s}_{v}"))})")};");
            writer.Line(tile.ForVectors(v => $"c{m}_{v} += q{m}_{v};"));
        }

        ConvTile.Advance(writer, window);
    }

    // The statement that adds products of codes and weights to an accumulator.
    private string Add(string accumulator, IReadOnlyList<(string Codes, string Weights)> factors) => NeedsPairs || factors.Count > LongestAccumulated
        ? $"{accumulator} += {Ops}.Widen({string.Join(" + ", factors.Select(f => $"{Ops}.Products({f.Codes}, {f.Weights})"))});"
        : $"{accumulator} = {Ops}.Accumulate({accumulator}, {string.Join(", ", factors.Select(f => $"{f.Codes}, {f.Weights}"))});";

    // What the packing took out of weights whose sums would not fit is added here, one step at a time.
    private void WriteCorrections(SourceWriter writer, ConvTile tile, string corner)
    {
        writer.Line("// Correction steps: what packing took out of windows whose sums could leave int16; usually a few, often none.");
        int perBlock = Kernel.Tier.VectorsPerBlock;
        int[] vectors = [.. Enumerable.Range(0, perBlock)];
        for (int block = 0; block < tile.Blocks; block++)
        {
            writer.Line($"int* e{block} = corrections{ConvTile.Offset(block * Kernel.CorrectionInts)}; sbyte* f{block} = (sbyte*)(e{block} + {Kernel.CorrectionOffsetInts});");
            using (writer.Block($"for (int k = 1; k <= e{block}[0]; k++, f{block} += 64)"))
            {
                writer.Line($"byte* z = {corner} + e{block}[k];");
                writer.Line($"{Kernel.Tier.Vector}<sbyte> {string.Join(", ", vectors.Select(v => $"u{v} = {Kernel.Tier.Vector}.Load(f{block}{ConvTile.Offset(v * Kernel.Tier.Bytes)})"))};");
                for (int m = 0; m < tile.Pixels; m++)
                {
                    string codes = $"{Ops}.Codes(z{ConvTile.Offset(tile.PixelOffset(m))})";
                    if (perBlock == 1)
                    {
                        // Two pixels in a line.
                        string second = m + 1 < tile.Pixels ? " " + Add($"c{m + 1}_{block}", [($"{Ops}.Codes(z{ConvTile.Offset(tile.PixelOffset(m + 1))})", "u0")]) : "";
                        writer.Line(Add($"c{m}_{block}", [(codes, "u0")]) + second);
                        m++;
                        continue;
                    }

                    string sums = string.Join(" ", vectors.Select(v => Add($"c{m}_{(block * perBlock) + v}", [($"z{m}", $"u{v}")])));
                    writer.Line($"{Kernel.Tier.Vector}<byte> z{m} = {codes}; {sums}");
                }
            }
        }
    }
}

/// <summary>Four products per lane and step, added at once by vpdpbusd: exact for all codes and weights.</summary>
internal sealed class DotProducts(ConvKernel kernel) : ConvProducts(kernel)
{
    /// <inheritdoc/>
    public override void Write(SourceWriter writer, ConvTile tile)
    {
        tile.StartAtBias(writer);
        tile.Rows(writer, () =>
        {
            writer.Line("// Four codes by four weights per step.");
            using (ConvTile.Loop(writer, "k", Kernel.Geometry.StepsPerRun))
            {
                tile.LoadWeights(writer, 1);
                for (int m = 0; m < tile.Pixels; m++)
                {
                    writer.Statements(LoadCodes(tile, m), tile.ForVectors(v => $"c{m}_{v} = {Ops}.Dot(c{m}_{v}, a{m}, w0_{v});"));
                }

                ConvTile.Advance(writer, 1);
            }
        });
    }
}

/// <summary>int16 products of widened codes and weights: exact for all codes and weights, on every tier.</summary>
internal sealed class WideProducts(ConvKernel kernel) : ConvProducts(kernel)
{
    /// <inheritdoc/>
    public override void Write(SourceWriter writer, ConvTile tile)
    {
        tile.StartAtBias(writer);
        tile.Rows(writer, () =>
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
    }

    private void WriteStep(SourceWriter writer, ConvTile tile, bool odd)
    {
        for (int v = 0; v < tile.VectorCount; v++)
        {
            string Load(int half) => $"{Kernel.Tier.Vector}.Load((short*)(w{ConvTile.Offset(tile.WeightOffset(v) + (half * Kernel.StepBytes / 2))}))";
            writer.Line($"{Kernel.Tier.Vector}<short> even{v} = {Load(0)}{(odd ? $", odd{v} = {Load(1)}" : "")};");
        }

        if (Kernel.Tier.Set == InstructionSet.Avx512)
        {
            // Even and odd codes are places of their own, so that sums of both can wait.
            int halves = odd ? 2 : 1;
            (int, int)[] places = [.. tile.Places.SelectMany(p => Enumerable.Range(0, halves).Select(half => (p.Pixel, (p.Vector * halves) + half)))];
            ProductSums.Write(
                writer, Kernel.Tier, "int", (m, i) => $"c{m}_{i / halves}", places,
                m => $"{LoadCodes(tile, m)} {Kernel.Tier.Vector}<short> e{m} = {Ops}.Even(a{m}){(odd ? $", o{m} = {Ops}.Odd(a{m})" : "")};",
                (m, i) => i % halves == 0 ? $"{Ops}.PairProducts(e{m}, even{i / halves})" : $"{Ops}.PairProducts(o{m}, odd{i / halves})");
        }
        else
        {
            for (int m = 0; m < tile.Pixels; m++)
            {
                int pixel = m;
                writer.Statements(LoadCodes(tile, m), tile.ForVectors(v => $"c{pixel}_{v} += {Ops}.WideProducts(a{pixel}, even{v}{(odd ? $", odd{v}" : "")});"));
            }
        }

        writer.Line($"a += 4; w += {Kernel.StepBytes};");
    }
}

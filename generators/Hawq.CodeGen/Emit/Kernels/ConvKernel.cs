using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// The kernel of one convolution step on one instruction-set tier, as C# text: the method that walks over the output, its tiles, and the
/// epilogue. The text depends on the specialisation only (shape, strides, family, tile, epilogue), so that steps with equal text share it.
/// </summary>
internal sealed class ConvKernel
{
    /// <summary>Stands for the kernel's name in its text, until equal texts have been found.</summary>
    public const string NamePlaceholder = "KERNEL";

    private readonly KernelLibrary? _library;
    private readonly Lazy<ConvProducts> _products;
    private readonly Lazy<KernelEpilogue> _epilogue;

    /// <summary>Lays out the kernel of a step. Without a library it can be asked for its weights, but not be written.</summary>
    public ConvKernel(ConvStep step, KernelChoice choice, KernelLibrary? library = null)
    {
        _library = library;
        Step = step;
        Choice = Twin(step, choice) ?? choice;
        Tier = VectorTier.For(choice.Tier) ?? throw new InvalidOperationException($"There is no vector code for {choice.Tier}.");
        _epilogue = new Lazy<KernelEpilogue>(() => new KernelEpilogue(
            Step.Epilogue, Tier, Step.Weights.PaddedChannels, HasCorrections ? Blocks * WeightBlockBytes : null, Library, Multiplies));
        _products = new Lazy<ConvProducts>(() => ConvProducts.For(this));
    }

    /// <summary>The step.</summary>
    public ConvStep Step { get; }

    /// <summary>Family, tile and window.</summary>
    public KernelChoice Choice { get; }

    /// <summary>Instruction set.</summary>
    public VectorTier Tier { get; }

    // AVX-VNNI takes AVX2's text where that does not multiply int16 values: the operations that both share use vpdpbusd where the machine has it.
    private static KernelChoice? Twin(ConvStep step, KernelChoice choice)
    {
        KernelChoice? other = choice.Family == KernelFamily.Dot4 ? step.Kernels.FirstOrDefault(kernel => kernel.Tier == InstructionSet.Avx2) : null;
        return other is { Family: KernelFamily.Maddubs16 } or { Family: KernelFamily.Tree, Window: <= TreeProducts.LongestAccumulated } ? other : null;
    }

    private KernelLibrary Library => _library ?? throw new InvalidOperationException("A kernel is written into a library.");

    /// <summary>The epilogue.</summary>
    public KernelEpilogue Epilogue => _epilogue.Value;

    /// <summary>The multiply-accumulate loops.</summary>
    public ConvProducts Products => _products.Value;

    /// <summary>Shapes and strides.</summary>
    public ConvGeometry Geometry => Step.Geometry;

    /// <summary>Runs of one output pixel.</summary>
    public int Runs => Geometry.Kernel.Height * Geometry.RunsPerRow;

    /// <summary>Steps of one output pixel.</summary>
    public int Steps => Runs * Geometry.StepsPerRun;

    /// <summary>Bytes of the weights of sixteen output channels.</summary>
    public int WeightBlockBytes => Geometry.Depthwise
        ? (Geometry.Kernel.Height + 1) / 2 * Geometry.Kernel.Width * VectorTier.BlockChannels * 2 * sizeof(short)
        : Steps * StepBytes;

    /// <summary>Bytes of the weights of a step and sixteen output channels: bytes, or int16 where they are multiplied as such.</summary>
    public int StepBytes => (Choice.Family == KernelFamily.Widen ? 2 : 1) * 4 * VectorTier.BlockChannels;

    /// <summary>Whether int16 sums are multiplied by the channel's own multiplier as they are widened (docs/kernels.md).</summary>
    public bool Multiplies =>
        Choice.Family == KernelFamily.Maddubs16 && Tier.Set == InstructionSet.Avx512 && Step.Epilogue.Requantize is { MultipliersFitInt16: true };

    /// <summary>Blocks of sixteen output channels.</summary>
    public int Blocks => (Geometry.Output.Channels + VectorTier.BlockChannels - 1) / VectorTier.BlockChannels;

    /// <summary>
    /// Whether the weights are prefetched: where a small map uses each of them only a few times, they come from behind the second-level cache in a
    /// real network. While a tile uses its blocks' weights it asks for the next blocks'. Elsewhere the extra instructions cost more than they gain.
    /// </summary>
    public bool PrefetchesWeights => (long)Blocks * WeightBlockBytes >= 256 << 10
        && Geometry.Output.Height * Pieces(Geometry.Output.Width, Math.Max(1, Choice.TilePixels)).Sum(piece => piece.Count) <= 32;

    /// <summary>Whether tiles ask for what they will write, and read as operands, ahead: where that is too large to be in the second-level cache by chance.</summary>
    public bool PrefetchesOutputs => Tier.Bytes >= 32 && Epilogue.Pointers
        .Sum(pointer => pointer.Tensor is { } tensor ? (long)Geometry.Output.Height * tensor.RowStride : 0) >= 256 << 10;

    /// <summary>Whether the packed weights may hold correction steps.</summary>
    public bool HasCorrections => Choice.Family == KernelFamily.Tree && KernelProofs.NeedsCorrections(Step.Input, Step.Weights.Facts, Choice.Window);

    /// <summary>ints before the correction weights of a block: the count and an input offset per step, rounded up to 64 bytes.</summary>
    public int CorrectionOffsetInts => (Steps + 1 + 15) / 16 * 16;

    /// <summary>ints of the corrections of a block.</summary>
    public int CorrectionInts => CorrectionOffsetInts + (Steps * VectorTier.BlockChannels);

    /// <summary>Blocks of sixteen output channels in a unit of work by output channels.</summary>
    public const int UnitBlocks = 2;

    /// <summary>The last output channels that do not fill a block, or 0.</summary>
    public int TailChannels => Geometry.Output.Channels % VectorTier.BlockChannels;

    /// <summary>Writes the locals and statements that walk over the output, and the methods that they call.</summary>
    public void Write(SourceWriter locals, SourceWriter body, SourceWriter methods)
    {
        Epilogue.WriteLocals(locals);
        if (Choice.Family == KernelFamily.Winograd4)
        {
            new WinogradKernel(this, Library).WriteBody(body);
            return;
        }

        List<ConvTile> tiles = [];
        WriteWalk(body, tiles);
        foreach (ConvTile tile in tiles)
        {
            methods.Blank();
            tile.Write(methods);
        }
    }

    private void WriteWalk(SourceWriter writer, List<ConvTile> tiles)
    {
        int perTile = Math.Max(1, Choice.BlockChannels / VectorTier.BlockChannels);
        if (Step.Work.Axis == WorkAxis.ChannelBlocks)
        {
            perTile = Math.Min(perTile, UnitBlocks);
        }

        int plain = (TailChannels == 0 ? Blocks : Blocks - 1) / perTile * perTile;
        int rest = Blocks - plain;
        string moves = string.Join(", ", Moves(null, perTile));
        if (Step.Work.Axis == WorkAxis.ChannelBlocks)
        {
            writer.Line($"// A unit of work is {UnitBlocks * VectorTier.BlockChannels} output channels.");
            foreach (string move in Moves("first", UnitBlocks))
            {
                writer.Line($"{move};");
            }

            if (plain > 0)
            {
                string stop = plain % UnitBlocks == 0 && rest == 0 ? $"{UnitBlocks} * end" : $"global::System.Math.Min({UnitBlocks} * end, {plain})";
                using (writer.Block($"for (int block = {UnitBlocks} * first; block < {stop}; block += {perTile}, {moves})"))
                {
                    WriteRows(writer, tiles, perTile, false);
                }
            }

            if (rest > 0)
            {
                writer.Line("// The last output channels.");
                using (Step.Work.Count == 1 ? null : writer.Block($"if (end == {Step.Work.Count})"))
                {
                    WriteRows(writer, tiles, rest, TailChannels != 0);
                }
            }

            return;
        }

        if (plain > perTile)
        {
            using (writer.Block($"for (int block = 0; block < {plain}; block += {perTile}, {moves})"))
            {
                WriteRows(writer, tiles, perTile, false);
            }
        }
        else if (plain > 0)
        {
            WriteRows(writer, tiles, perTile, false);
            if (rest > 0)
            {
                writer.Line(moves.Replace(", ", "; ") + ";");
            }
        }

        if (rest > 0)
        {
            writer.Line("// The last output channels.");
            WriteRows(writer, tiles, rest, TailChannels != 0);
        }
    }

    // The assignments that move every pointer on by a number of blocks (times a variable).
    private IEnumerable<string> Moves(string? times, int blocks)
    {
        string factor = times is null ? "" : $"{times} * ";
        if (Geometry.Depthwise)
        {
            yield return $"input += {factor}{blocks * VectorTier.BlockChannels}";
        }

        yield return $"weights += {factor}{blocks * WeightBlockBytes}";
        foreach ((string _, string name, TensorStorage? tensor) in Epilogue.Pointers)
        {
            int step = name switch
            {
                "table" => blocks * VectorTier.BlockChannels,
                "corrections" => blocks * CorrectionInts,
                "scalars" => 0,
                _ => blocks * VectorTier.BlockChannels * tensor!.ElementSize,
            };
            if (step != 0)
            {
                yield return $"{name} += {factor}{step}";
            }
        }
    }

    private void WriteRows(SourceWriter writer, List<ConvTile> tiles, int blocks, bool tail)
    {
        ConvGeometry g = Geometry;
        bool byRows = Step.Work.Axis == WorkAxis.Rows;
        bool single = g.Output.Height == 1;
        using (single ? writer.Block() : writer.Block(byRows ? "for (int y = first; y < end; y++)" : $"for (int y = 0; y < {g.Output.Height}; y++)"))
        {
            string At(int stride) => single ? "" : $" + y * {stride}";
            writer.Line($"byte* x = input{At(g.Stride.Height * g.InputRowStride)};");
            List<(string Name, TensorStorage Tensor)> rows = Epilogue.Pointers.Where(p => p.Tensor is not null).Select(p => (p.Name, p.Tensor!)).ToList();
            foreach ((string name, TensorStorage tensor) in rows)
            {
                writer.Line($"byte* {name}Row = {name}{At(tensor.RowStride)};");
            }

            string arguments = string.Join(", ", Epilogue.Pointers.Select(p => p.Tensor is null ? p.Name : $"{p.Name}Row"));
            IReadOnlyList<(int Pixels, int Count)> pieces = Pieces(g.Output.Width, Math.Max(1, Choice.TilePixels));
            for (int i = 0; i < pieces.Count; i++)
            {
                (int pixels, int count) = pieces[i];
                ConvTile tile = TileOf(tiles, pixels, blocks, tail);
                List<string> advance = [$"x += {pixels * g.Stride.Width * g.InputPixelStride}"];
                advance.AddRange(rows.Select(r => $"{r.Name}Row += {pixels * r.Tensor.PixelStride}"));
                string call = $"{tile.Name}(x, weights, {arguments});";
                if (count > 1)
                {
                    using (writer.Block($"for (int i = 0; i < {count}; i++, {string.Join(", ", advance)})"))
                    {
                        writer.Line(call);
                    }
                }
                else
                {
                    writer.Line(call);
                    if (i < pieces.Count - 1)
                    {
                        writer.Line(string.Join("; ", advance) + ";");
                    }
                }
            }
        }
    }

    private ConvTile TileOf(List<ConvTile> tiles, int pixels, int blocks, bool tail)
    {
        ConvTile? tile = tiles.Find(t => t.Pixels == pixels && t.Blocks == blocks && t.Tail == tail);
        if (tile is null)
        {
            tile = new ConvTile(this, pixels, blocks, tail);
            tiles.Add(tile);
        }

        return tile;
    }

    /// <summary>Divides a row of pixels into pieces of at most <paramref name="most"/>, as equal as possible: at most two sizes, the larger first.</summary>
    public static IReadOnlyList<(int Pixels, int Count)> Pieces(int width, int most)
    {
        int pieces = (width + most - 1) / most;
        int small = width / pieces;
        int large = width % pieces;
        List<(int, int)> list = [];
        if (large > 0)
        {
            list.Add((small + 1, large));
        }

        if (pieces > large)
        {
            list.Add((small, pieces - large));
        }

        return list;
    }
}

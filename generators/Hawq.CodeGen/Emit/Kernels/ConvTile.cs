using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// One register tile of an implicit-GEMM convolution: the accumulators of <see cref="Pixels"/> neighbouring output pixels and
/// <see cref="Blocks"/> blocks of sixteen output channels stay in registers while one rolled loop walks over the kernel. Strides and
/// offsets are literals. The loop over the steps is never unrolled: the JIT then spills accumulators (2.2 times slower, docs/kernels.md).
/// </summary>
internal sealed class ConvTile(ConvKernel kernel, int pixels, int blocks, bool tail)
{
    /// <summary>Output pixels.</summary>
    public int Pixels => pixels;

    /// <summary>Blocks of sixteen output channels.</summary>
    public int Blocks => blocks;

    /// <summary>Name of the tile method, which says its pixels and blocks; <see cref="ConvKernel.NamePlaceholder"/> stands for the kernel's name.</summary>
    public string Name => $"{ConvKernel.NamePlaceholder}_{pixels}x{blocks}{(tail ? "Tail" : "")}";

    /// <summary>Whether the last block is partial.</summary>
    public bool Tail => tail;

    private int Vectors => blocks * kernel.Tier.VectorsPerBlock;

    /// <summary>Writes the method.</summary>
    public void Write(SourceWriter writer)
    {
        writer.Line(KernelLibrary.TileAttribute(kernel.Products.SumsInMemory ? ", SkipLocalsInit" : ""));
        using (writer.Block($"private static void {Name}(byte* x, sbyte* w, {kernel.Epilogue.Parameters})"))
        using (writer.Block("unchecked"))
        {
            Prefetch(writer);
            kernel.Products.Write(writer, this);

            int perBlock = kernel.Tier.VectorsPerBlock;
            for (int m = 0; m < pixels; m++)
            {
                List<string> calls = [];
                for (int block = 0; block < blocks;)
                {
                    int partial = tail && block == blocks - 1 ? kernel.TailChannels : VectorTier.BlockChannels;
                    bool both = perBlock == 1 && block + 1 < blocks - (tail ? 1 : 0);
                    int vectors = both ? 2 : perBlock;
                    string accumulators = Join(vectors, v => $"c{m}_{(block * perBlock) + v}");
                    calls.Add(kernel.Epilogue.Call(accumulators, m, block, both ? 2 * VectorTier.BlockChannels : partial));
                    block += both ? 2 : 1;
                }

                writer.Line(string.Join(" ", calls));
            }
        }
    }

    // Large outputs, and operands of a sum, come from behind the second-level cache, a line or half of one per pixel: no pattern that processors foresee.
    private void Prefetch(SourceWriter writer)
    {
        if (!kernel.PrefetchesOutputs)
        {
            return;
        }

        int ahead = (PrefetchedPixels + pixels - 1) / pixels * pixels;
        writer.Line($"// Ask for what the tile {ahead / pixels} further on will read and write.");
        writer.Line(string.Join(" ", kernel.Epilogue.Pointers.Where(pointer => pointer.Tensor is not null)
            .SelectMany(pointer => Enumerable.Range(0, ((blocks * VectorTier.BlockChannels * pointer.Tensor!.ElementSize) + 63) / 64).Select(line =>
                $"{kernel.Tier.Class}.Prefetch({pointer.Name} + {(ahead * pointer.Tensor.PixelStride) + (line * 64)}, {pointer.Tensor.PixelStride}, {pixels});"))));
    }

    /// <summary>How far ahead: fourteen pixels take some 200 ns, twice as long as memory.</summary>
    private const int PrefetchedPixels = 14;

    /// <summary>Names of the accumulators of all pixels and vectors.</summary>
    public IEnumerable<string> Accumulators(string prefix) =>
        Places.Select(place => $"{prefix}{place.Pixel}_{place.Vector}");

    /// <summary>All pixels and vectors of output channels.</summary>
    public IReadOnlyList<(int Pixel, int Vector)> Places =>
        [.. Enumerable.Range(0, pixels).SelectMany(m => Enumerable.Range(0, Vectors).Select(v => (m, v)))];

    /// <summary>Declares the accumulators at the bias, or at zero where the rounding terms hold it.</summary>
    public void StartAtBias(SourceWriter writer)
    {
        bool zero = kernel.Step.Epilogue.Requantize!.RoundingHoldsBias;
        writer.Line(zero ? "// The rounding terms hold the bias." : "// The accumulators start at the bias.");
        for (int v = 0; v < Vectors; v++)
        {
            string start = zero ? "default" : $"{kernel.Tier.Vector}.Load(table{Offset(v * kernel.Tier.Lanes)})";
            writer.Line($"{kernel.Tier.Vector}<int> {Join(pixels, m => $"c{m}_{v} = {(zero || m == 0 ? start : $"c0_{v}")}")};");
        }
    }

    /// <summary>Writes the loops over kernel rows (and columns, where a row is not one run); the body finds the run's codes at a.</summary>
    public void Rows(SourceWriter writer, Action body)
    {
        ConvGeometry g = kernel.Geometry;
        int rowBytes = g.Dilation.Height * g.InputRowStride;
        int columnBytes = g.Dilation.Width * g.InputPixelStride;
        if (g.Kernel.Height == 1 && g.RunsPerRow == 1)
        {
            writer.Line("byte* a = x;");
            body();
            return;
        }

        if (g.RunsPerRow == 1)
        {
            using (writer.Block($"for (int row = 0; row < {g.Kernel.Height}; row++, x += {rowBytes})"))
            {
                writer.Line("byte* a = x;");
                body();
            }

            return;
        }

        using (writer.Block($"for (int row = 0; row < {g.Kernel.Height}; row++, x += {rowBytes})"))
        {
            using (writer.Block($"for (int column = 0; column < {g.Kernel.Width}; column++)"))
            {
                writer.Line($"byte* a = x + column * {columnBytes};");
                body();
            }
        }
    }

    /// <summary>Loads the weights of <paramref name="steps"/> steps into w{step}_{vector}, and moves on.</summary>
    public void LoadWeights(SourceWriter writer, int steps)
    {
        for (int s = 0; s < steps; s++)
        {
            int step = s;
            writer.Line($"{kernel.Tier.Vector}<sbyte> {Join(Vectors, v => $"w{step}_{v} = {kernel.Tier.Vector}.Load(w{Offset(WeightOffset(v) + (64 * step))})")};");
            if (kernel.PrefetchesWeights)
            {
                writer.Line(string.Join(" ", Enumerable.Range(0, blocks)
                    .Select(block => $"{kernel.Tier.Class}.Prefetch(w + {((block + blocks) * kernel.WeightBlockBytes) + (64 * step)});")));
            }
        }
    }

    /// <summary>A counted loop, or a plain block where there is one turn.</summary>
    public static IDisposable Loop(SourceWriter writer, string variable, int count) =>
        count == 1 ? writer.Block() : writer.Block($"for (int {variable} = 0; {variable} < {count}; {variable}++)");

    /// <summary>Walks over a run in windows of <paramref name="window"/> steps; what is left is a last, shorter one.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="variable">Of the loop over the whole windows.</param>
    /// <param name="comment">What a window is.</param>
    /// <param name="steps">Steps of the run.</param>
    /// <param name="window">At most as many.</param>
    /// <param name="body">Writes the statements of a window of so many steps.</param>
    public static void Windows(SourceWriter writer, string variable, string comment, int steps, int window, Action<int> body)
    {
        writer.Line(comment);
        using (Loop(writer, variable, steps / window))
        {
            body(window);
        }

        if (steps % window != 0)
        {
            writer.Line("// The rest of the run.");
            using (writer.Block())
            {
                body(steps % window);
            }
        }
    }

    /// <summary>Moves codes and weights on by a number of steps.</summary>
    public static void Advance(SourceWriter writer, int steps)
    {
        writer.Line($"a += {4 * steps}; w += {64 * steps};");
    }

    /// <summary>Byte offset of a pixel of the tile in the input.</summary>
    public int PixelOffset(int pixel) => pixel * kernel.Geometry.Stride.Width * kernel.Geometry.InputPixelStride;

    /// <summary>A statement per vector of output channels, in one line.</summary>
    public string ForVectors(Func<int, string> statement) => string.Join(" ", Enumerable.Range(0, Vectors).Select(statement));

    /// <summary>An item per vector of output channels, as a list.</summary>
    public string ListVectors(Func<int, string> item) => Join(Vectors, item);

    /// <summary>Vectors of output channels.</summary>
    public int VectorCount => Vectors;

    /// <summary>" + n", or nothing for 0.</summary>
    public static string Offset(int offset) => offset == 0 ? "" : $" + {offset}";

    /// <summary>Byte offset of a vector's weights of the first step.</summary>
    public int WeightOffset(int v)
    {
        int block = v / kernel.Tier.VectorsPerBlock;
        return (block * kernel.WeightBlockBytes) + (v % kernel.Tier.VectorsPerBlock * kernel.Tier.Bytes);
    }

    private static string Join(int count, Func<int, string> part) => string.Join(", ", Enumerable.Range(0, count).Select(part));
}

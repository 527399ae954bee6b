using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// The transforms of <see cref="WinogradKernel"/> as C# methods. They take strides as arguments, so that all layers of a network share them.
/// </summary>
internal sealed class WinogradTransforms(ConvKernel kernel, WinogradLayout layout)
{
    private VectorTier Tier => kernel.Tier;

    private int Outputs => layout.Outputs;

    // Output channels that are finished together.
    private int BlockChannels => layout.Blocks * VectorTier.BlockChannels;

    private int Vectors => layout.Blocks * Tier.VectorsPerBlock;

    /// <summary>B^T x B of one tile.</summary>
    public void WriteInput(SourceWriter writer, string name)
    {
        int lanes = Tier.Bytes / sizeof(short);
        writer.Line("/// <summary>B^T x B of one tile: adds and shifts, at most 68 times the largest code. A tile of two rows has its pixels 0, 1, 2, 1, 2 and 3: rowBack is twice the stride.</summary>");
        writer.Line(KernelLibrary.TileAttribute());
        using (writer.Block($"private static void {name}(byte* x, int rowStride, int pixelStride, int rowBack, int pixelBack, int channels, short* v, int stride, short* t)"))
        using (writer.Block("unchecked"))
        using (writer.Block($"for (int channel = 0; channel < channels; channel += {lanes})"))
        {
            writer.Line("// Columns.");
            using (writer.Block("for (int j = 0; j < 6; j++)"))
            {
                writer.Line("byte* column = x + channel + j * pixelStride - (j < 3 ? 0 : pixelBack);");
                writer.Line("byte* rest = column - rowBack;");
                for (int i = 0; i < 6; i++)
                {
                    writer.Line($"{Tier.Vector}<short> d{i} = {Tier.Class}.LoadCodes({(i < 3 ? "column" : "rest")}{Times(i, "rowStride")});");
                }

                TransformInput(writer, Tier.Vector, (i, value) => $"({value}).Store(t + j * {lanes}{ConvTile.Offset(i * 6 * lanes)});");
            }

            writer.Line("// Rows.");
            using (writer.Block("for (int i = 0; i < 6; i++)"))
            {
                for (int j = 0; j < 6; j++)
                {
                    writer.Line($"{Tier.Vector}<short> d{j} = {Tier.Vector}.Load(t + i * {6 * lanes}{ConvTile.Offset(j * lanes)});");
                }

                writer.Line("short* row = v + channel + i * 6 * stride;");
                TransformInput(writer, Tier.Vector, (j, value) => $"({value}).Store(row{Times(j, "stride")});");
            }
        }
    }

    /// <summary>
    /// B^T x B of a row of tiles of a first layer. Two pixels of a row are adjacent in memory, and are the lanes of one column of a tile; the row below them is
    /// the other half of its channels.
    /// </summary>
    public void WritePhases(SourceWriter writer, string name)
    {
        int lanes = Tier.Bytes / sizeof(short);
        int column = layout.PhaseLanes;
        int row = layout.RowStride;
        bool whole = Tier.VectorsPerBlock < 4;
        writer.Line("/// <summary>B^T x B of a row of tiles, its channels the even and odd rows and columns of the input: adds and shifts, at most 68 times the largest code.</summary>");
        writer.Line(KernelLibrary.TileAttribute());
        using (writer.Block($"private static void {name}(byte* x, int rowStride, int width, short* t, short* v, int stride)"))
        using (writer.Block("unchecked"))
        {
            writer.Line("// Columns. The last odd row has no weight: the one before it stands for it.");
            using (writer.Block("for (int phase = 0; phase < 2; phase++)"))
            {
                writer.Line("byte* first = x + phase * rowStride;");
                writer.Line("byte* last = first + (10 - 2 * phase) * rowStride;");
                using (writer.Block($"for (int k = 0; k < (width + {layout.Taps - 1}) * {column}; k += {lanes})"))
                {
                    for (int i = 0; i < WinogradLayout.Side; i++)
                    {
                        string from = i == WinogradLayout.Side - 1 ? "last" : $"first{Times(2 * i, "rowStride")}";
                        writer.Line($"{Tier.Vector}<short> d{i} = {Tier.Class}.LoadCodes({from} + k);");
                    }

                    TransformInput(writer, Tier.Vector, (i, value) => $"({value}).Store(t + phase * {row} + k{ConvTile.Offset(i * 2 * row)});");
                }
            }

            writer.Line("// Rows. What a store writes too much the next one overwrites.");
            string vector = whole ? "Vector256" : "Vector128";
            using (writer.Block($"for (int tile = 0; tile < width; tile += {Outputs}, v += {layout.Channels})"))
            using (writer.Block("for (int i = 0; i < 6; i++)"))
            using (whole ? null : writer.Block("for (int phase = 0; phase < 2; phase++)"))
            {
                writer.Line($"short* row = t + i * {2 * row}{(whole ? "" : $" + phase * {row}")} + global::System.Math.Min(tile, width - {Outputs}) * {column};");
                for (int j = 0; j < WinogradLayout.Side; j++)
                {
                    string offset = ConvTile.Offset(j * column);
                    writer.Line($"{vector}<short> d{j} = " + (whole ? $"Vector256.Create(Vector128.Load(row{offset}), Vector128.Load(row + {row + (j * column)}));" : $"Vector128.Load(row{offset});"));
                }

                writer.Line($"short* y = v + i * 6 * stride{(whole ? "" : $" + phase * {column}")};");
                TransformInput(writer, vector, (j, value) => whole
                    ? $"Vector256<short> u{j} = {value}; u{j}.GetLower().Store(y{Times(j, "stride")}); u{j}.GetUpper().Store(y{Times(j, "stride")} + {column});"
                    : $"({value}).Store(y{Times(j, "stride")});");
            }
        }
    }

    private static string Times(int factor, string name) => factor switch { 0 => string.Empty, 1 => $" + {name}", _ => $" + {factor} * {name}" };

    private static void TransformInput(SourceWriter writer, string vector, Func<int, string, string> target)
    {
        writer.Line($"{vector}<short> a = (d2 << 2) - d4, b = (d1 << 2) - d3, c = d4 - d2, e = (d3 - d1) << 1;");
        string[] rows = ["((d0 - d2) << 2) + c", "a + b", "a - b", "c + e", "c - e", "d5 - d3 - (e << 1)"];
        for (int i = 0; i < 6; i++)
        {
            writer.Line(target(i, rows[i]));
        }
    }

    // Bytes: sixteen pairs of input channels. Large layers' weights come from memory.
    private const int PrefetchedAhead = 16 * 9 * 32;

    /// <summary>G w G^T of sixteen output channels.</summary>
    public void WriteWeights(SourceWriter writer, string name)
    {
        int lanes = Tier.Bytes / sizeof(short);
        writer.Line("/// <summary>G w G^T of sixteen output channels: from [pair of input channels][tap][16][2] to [position][pair][16][2]; at most 144 times the largest weight.</summary>");
        writer.Line(KernelLibrary.TileAttribute());
        using (writer.Block($"private static void {name}(sbyte* w, int channels, short* u, int stride)"))
        using (writer.Block("unchecked"))
        using (writer.Block($"for (int pair = 0; pair < channels / 2; pair++, w += {layout.Taps * layout.Taps * 32}, u += 32)"))
        {
            writer.Line(string.Join(" ", Enumerable.Range(0, 5).Select(line => $"{Tier.Class}.Prefetch(w{ConvTile.Offset(PrefetchedAhead + (64 * line))});")));
            using IDisposable? lanesOfPair = Tier.VectorsPerBlock == 1 ? null : writer.Block($"for (int lane = 0; lane < 32; lane += {lanes})");
            string lane = Tier.VectorsPerBlock == 1 ? string.Empty : " + lane";
            writer.Line("// Columns.");
            writer.Line($"{Tier.Vector}<short> {string.Join(", ", Enumerable.Range(0, 18).Select(n => $"h{n / 3}_{n % 3}"))};");
            for (int j = 0; j < 3; j++)
            {
                int column = j;
                using (writer.Block())
                {
                    TransformWeights(writer, i => $"{Tier.Class}.LoadWeights(w{ConvTile.Offset((i * 96) + (column * 32))}{lane})", (i, value) => $"h{i}_{column} = {value};");
                }
            }

            writer.Line("// Rows.");
            for (int i = 0; i < 6; i++)
            {
                int row = i;
                using (writer.Block())
                {
                    TransformWeights(writer, j => $"h{row}_{j}", (j, value) => $"({value}).Store(u{Times((row * 6) + j, "stride")}{lane});");
                }
            }
        }
    }

    private void TransformWeights(SourceWriter writer, Func<int, string> source, Func<int, string, string> target)
    {
        writer.Line($"{Tier.Vector}<short> a = {source(0)}, b = {source(1)}, c = {source(2)};");
        writer.Line($"{Tier.Vector}<short> ends = (a + c) << 2, middle = b << 2, four = c << 2, last = a + four, twice = b + b;");
        string[] rows = ["(a << 2) + (a + a)", "ends + middle", "ends - middle", "last + twice", "last - twice", "(c << 3) + four"];
        for (int i = 0; i < 6; i++)
        {
            writer.Line(target(i, rows[i]));
        }
    }

    /// <summary>A^T m A of one tile, and the epilogue.</summary>
    public void WriteOutput(SourceWriter writer, string name)
    {
        int block = BlockChannels;
        bool four = Outputs == 4;
        bool held = kernel.Step.Epilogue.Requantize!.RoundingHoldsBias;
        bool whole = Vectors == 1;
        string lane = whole ? string.Empty : " + lane";
        string lanes = $"for (int lane = 0; lane < {block}; lane += {Tier.Lanes})";
        IReadOnlyList<(string Type, string Name, TensorStorage? Tensor)> pointers = [.. kernel.Epilogue.Pointers];
        string[] moving = [.. pointers.Where(p => p.Tensor is not null).Select(p => p.Name)];
        string parameters = string.Join(", ", pointers.Select(p => p.Tensor is null ? $"{p.Type} {p.Name}" : $"{p.Type} {p.Name}, int {p.Name}Row, int {p.Name}Pixel"));

        writer.Line($"/// <summary>A^T m A of one tile and {(layout.Blocks > 1 ? "thirty-two" : "sixteen")} channels: 576 times the sums; times 9^-1 modulo 2^32 and shifted by 6 it is the sums, exactly.</summary>");
        writer.Line(KernelLibrary.TileAttribute());
        using (writer.Block($"private static void {name}(int* m, int stride, int* t, {(four ? "int height, int width, " : "")}{parameters}, int channels)"))
        using (writer.Block("unchecked"))
        {
            if (four)
            {
                writer.Line("// Two outputs leave out the points 2 and -2, and are the first and the last of four.");
                writer.Line($"{Tier.Vector}<int> tall = {Tier.Vector}.Create(height == 4 ? -1 : 0), wide = {Tier.Vector}.Create(width == 4 ? -1 : 0);");
            }

            writer.Line("// Columns.");
            using (whole ? null : writer.Block(lanes))
            using (writer.Block("for (int j = 0; j < 6; j++)"))
            {
                writer.Line($"int* column = m + j * stride{lane};");
                for (int i = 0; i < 6; i++)
                {
                    writer.Line($"{Tier.Vector}<int> m{i} = {Tier.Vector}.Load(column{Times(6 * i, "stride")}){(four && (i is 3 or 4) ? " & tall" : string.Empty)};");
                }

                TransformOutput(writer, (i, value) => $"({value}).Store(t + j * {block}{Place(i, 6 * block, "height")}{lane});");
            }

            writer.Line("// Rows.");
            writer.Line($"int* sums = t + {Outputs * 6 * block};");
            using (writer.Block($"for (int i = 0; i < {(four ? "height" : $"{Outputs}")}; i++, {string.Join(", ", moving.Select(pointer => $"{pointer} += {pointer}Row"))})"))
            {
                using (whole ? null : writer.Block(lanes))
                {
                    for (int j = 0; j < 6; j++)
                    {
                        writer.Line($"{Tier.Vector}<int> m{j} = {Tier.Vector}.Load(t + i * {6 * block}{ConvTile.Offset(j * block)}{lane}){(four && (j is 3 or 4) ? " & wide" : string.Empty)};");
                    }

                    writer.Line($"{Tier.Vector}<int> {(held ? "" : $"bias = {Tier.Vector}.Load(table{lane}), ")}inverse = {Tier.Vector}.Create(954437177);");
                    TransformOutput(writer, (j, value) => $"({(held ? "" : "(")}(({value}) * inverse) >> 6{(held ? "" : ") + bias")}).Store(sums{Place(j, block, "width")}{lane});");
                }

                string values = string.Join(", ", Enumerable.Range(0, Vectors).Select(v => $"{Tier.Vector}.Load(sums + j * {block}{ConvTile.Offset(v * Tier.Lanes)})"));
                string arguments = string.Join(", ", pointers.Select(p => p.Tensor is null ? p.Name : $"{p.Name} + j * {p.Name}Pixel"));
                using (writer.Block($"for (int j = 0; j < {(four ? "width" : $"{Outputs}")}; j++)"))
                {
                    if (kernel.PrefetchesOutputs)
                    {
                        writer.Line("// Ask for what the tile after the next will read and write.");
                        writer.Statements([.. moving.Select(pointer => $"{Tier.Class}.Prefetch({pointer} + (j + {2 * Outputs}) * {pointer}Pixel);")]);
                    }

                    writer.Line($"{kernel.Epilogue.Finish(block)}({values}, {arguments}, channels);");
                }
            }
        }
    }

    // Where output i of four is stored: the last one behind those that count.
    private static string Place(int i, int size, string count) => i == 3 ? $" + ({count} - 1) * {size}" : ConvTile.Offset(i * size);

    private void TransformOutput(SourceWriter writer, Func<int, string, string> target)
    {
        writer.Line("var p = m1 + m2;");
        writer.Line("var g = m1 - m2;");
        writer.Line("var r = m3 + m4;");
        writer.Line("var s = m3 - m4;");
        string[] rows = Outputs == 4
            ? ["m0 + p + r", "g + (s << 1)", "p + (r << 2)", "g + (s << 3) + (m5 << 1)"]
            : ["m0 + p + r", "g + (s << 1)", "p + (r << 2) + (m5 << 1)"];
        for (int i = 0; i < Outputs; i++)
        {
            writer.Line(target(i, rows[i]));
        }
    }
}

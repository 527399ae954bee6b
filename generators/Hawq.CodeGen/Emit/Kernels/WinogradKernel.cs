using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// Exact integer Winograd F(4x4, 3x3) or F(3x3, 4x4) as C# text: transform tiles of 6x6 codes, multiply position by position, transform back, and finish with the
/// same epilogue as every convolution. See <see cref="WinogradLayout"/> for the proof and the memory.
/// </summary>
internal sealed class WinogradKernel(ConvKernel kernel, KernelLibrary library)
{
    private readonly WinogradLayout _layout = new(kernel.Choice.Tier, kernel.Geometry);

    private ConvGeometry Geometry => kernel.Geometry;

    private VectorTier Tier => kernel.Tier;

    private int Channels => _layout.Channels;

    private int Outputs => _layout.Outputs;

    // Output channels that are computed and finished together.
    private int BlockChannels => _layout.Blocks * VectorTier.BlockChannels;

    private int Vectors => _layout.Blocks * Tier.VectorsPerBlock;

    /// <summary>Writes the body of the method that walks over the output rows [first, end).</summary>
    public void WriteBody(SourceWriter writer)
    {
        int groupRows = Outputs * _layout.TileRows;
        string transform = _layout.Phases > 1 ? string.Empty : library.Share(WeightsMethod(Tier), name => Text(writer => WriteWeights(writer, name)));
        writer.Line("short* codes = (short*)scratch;");
        writer.Line($"int* products = (int*)(scratch + {_layout.ProductOffset});");
        writer.Line($"byte* small = scratch + {_layout.TileOffset};");
        using (writer.Block($"for (int y = {(ByRows ? "first" : "0")}; y < {End}; y += {groupRows})"))
        {
            writer.Line(_layout.Phases > 1
                ? "// Transform tiles of 6x6 codes. A tile that would stick out overlaps its neighbour instead: outputs computed twice are equal."
                : "// Transform tiles of 6x6 codes. The last tile has two outputs where no more are left; where it would still stick out, it overlaps its\n// neighbour: outputs computed twice are equal.");
            writer.Line(_layout.Phases > 1 ? "int tiles = 0;" : "int tiles = 0, whole = 0;");
            writer.Line($"int stop = global::System.Math.Min(y + {groupRows}, {End});");
            using (writer.Block($"for (int top = y; top < stop; top += {Outputs})"))
            {
                WriteInputRow(writer);
            }

            using (writer.Block(Blocks()))
            {
                if (Passes > 1)
                {
                    writer.Line($"new global::System.Span<int>(products, {WinogradLayout.Positions * _layout.ProductStride}).Clear();");
                }

                using (Passes > 1 ? writer.Block($"for (int part = 0; part < {Channels}; part += {_layout.ChannelsPerPass})") : null)
                {
                    WriteProducts(writer, transform);
                }

                writer.Line("// Transform back, requantize and store.");
                writer.Line("int* product = products;");
                using (writer.Block($"for (int top = y; top < stop; top += {Outputs})"))
                {
                    WriteHeight(writer);
                    writer.Line($"int row = {Top};");
                    foreach ((string loop, string column, int width) in Columns())
                    {
                        using (loop.Length == 0 ? null : writer.Block(loop))
                        {
                            writer.Line($"{OutputMethod()}(product, {_layout.ProductStride}, (int*)small, {(_layout.Phases > 1 ? "" : $"height, {width}, ")}{OutputArguments(column)});");
                            writer.Line($"product += {BlockChannels};");
                        }
                    }
                }
            }
        }
    }

    // A row of tiles as channels of one transform, or tile by tile.
    private void WriteInputRow(SourceWriter writer)
    {
        WriteHeight(writer);
        writer.Line($"byte* x = input + {Top} * {Geometry.Stride.Height * Geometry.InputRowStride};");
        if (_layout.Phases > 1)
        {
            writer.Line($"{PhasesMethod()}(x, {Geometry.InputRowStride}, {Geometry.Output.Width}, (short*)(scratch + {_layout.RowOffset}), codes + tiles * {Channels}, {_layout.InputStride});");
            writer.Line($"tiles += {_layout.TilesPerRow};");
            return;
        }

        foreach ((string loop, string column, int width) in Columns())
        {
            using (loop.Length == 0 ? null : writer.Block(loop))
            {
                writer.Line(
                    $"{InputMethod()}(x + {column} * {Geometry.InputPixelStride}, {Geometry.InputRowStride}, {Geometry.InputPixelStride}, "
                    + $"(4 - height) * {Geometry.InputRowStride}, {(Outputs - width) * Geometry.InputPixelStride}, {Channels}, "
                    + $"codes + tiles++ * {Channels}, {_layout.InputStride}, (short*)small);");
            }
        }

        writer.Line("whole = height == 4 ? tiles : whole;");
    }

    private int Passes => Channels / _layout.ChannelsPerPass;

    private void WriteProducts(SourceWriter writer, string transform)
    {
        string weights = $"weights + block * {_layout.BlockBytes}";
        if (_layout.TransformsWeights)
        {
            string part = Passes > 1 ? $" + part * {_layout.Taps * _layout.Taps * VectorTier.BlockChannels}" : string.Empty;
            weights = $"scratch + {_layout.WeightOffset}";
            writer.Line("// Transform the weights: together they would leave the second-level cache, so they are kept as they are.");
            for (int n = 0; n < _layout.Blocks; n++)
            {
                string from = n == 0 ? "block" : $"(block + {n})";
                writer.Line($"{transform}(weights + {from} * {_layout.BlockBytes}{part}, {_layout.ChannelsPerPass}, (short*)({weights}{ConvTile.Offset(n * _layout.TransformedBytes)}), {_layout.WeightStride});");
            }
        }

        writer.Line($"// Products of {BlockChannels} output channels, position by position.{(_layout.Phases > 1 ? "" : " Two outputs need four of six positions.")}");
        using (writer.Block($"for (int position = 0; position < {WinogradLayout.Positions}; position++)"))
        {
            WriteProductCalls(writer, weights);
        }
    }

    private void WriteProductCalls(SourceWriter writer, string weights)
    {
        if (_layout.Phases > 1)
        {
            WriteProductCalls(writer, weights, "0", "tiles", _layout.TilesPerProduct);
            return;
        }

        writer.Line("int count = position / 6 is 3 or 4 ? whole : tiles;");
        if (_layout.EndsInHalf)
        {
            using (writer.Block("if (position % 6 is 3 or 4)"))
            using (writer.Block($"for (int row = 0; row < count; row += {_layout.TilesPerRow})"))
            {
                WriteProductCalls(writer, weights, "row", $"row + {_layout.TilesPerRow - 1}", _layout.TilesPerWholeProduct);
            }

            writer.Line("else");
        }

        using (_layout.EndsInHalf ? writer.Block() : null)
        {
            WriteProductCalls(writer, weights, "0", "count", _layout.TilesPerProduct);
        }
    }

    private void WriteProductCalls(SourceWriter writer, string weights, string first, string end, int tiles)
    {
        string method = library.Share($"WinogradProducts_{Tier.Class}_{tiles}x{_layout.Blocks}", name => Text(writer => WriteProductsMethod(writer, name, tiles)));
        using (writer.Block($"for (int tile = {first}; tile < {end}; tile += {tiles})"))
        {
            writer.Line(
                $"{method}(codes + position * {_layout.InputStride} + tile * {Channels}{(Passes > 1 ? " + part" : string.Empty)}, (short*)({weights} + position * {_layout.WeightStride * sizeof(short)}), "
                + $"products + position * {_layout.ProductStride} + tile * {BlockChannels});");
        }
    }

    // The transforms take strides as arguments, so that all layers share them; the products, where the time goes, have them as literals.
    private string InputMethod() => library.Share($"WinogradInput_{Tier.Class}", name => Text(writer => WriteInput(writer, name)));

    private string PhasesMethod() => library.Share($"WinogradPhases_{Tier.Class}", name => Text(writer => WritePhases(writer, name)));

    private string OutputMethod() => library.Share(
        kernel.Epilogue.Finish(BlockChannels).Replace("Finish_", "WinogradOutput_"), name => Text(writer => WriteOutput(writer, name)));

    private static string Text(Action<SourceWriter> write)
    {
        SourceWriter writer = new();
        write(writer);
        return writer.ToString();
    }

    // The last rows of four outputs may be two.
    private void WriteHeight(SourceWriter writer)
    {
        if (_layout.Phases == 1)
        {
            writer.Line("int height = stop - top > 2 ? 4 : 2;");
        }
    }

    private string Top => $"global::System.Math.Max(0, global::System.Math.Min(top, {End} - {(_layout.Phases > 1 ? $"{Outputs}" : "height")}))";

    // Threads take rows each, or units of output channels.
    private bool ByRows => kernel.Step.Work.Axis == WorkAxis.Rows;

    private string End => ByRows ? "end" : $"{Geometry.Output.Height}";

    private string Blocks()
    {
        const int unit = ConvKernel.UnitBlocks;
        string stop = kernel.Blocks % unit == 0 ? $"{unit} * end" : $"global::System.Math.Min({unit} * end, {kernel.Blocks})";
        return $"for (int block = {(ByRows ? "0" : $"{unit} * first")}; block < {(ByRows ? $"{kernel.Blocks}" : stop)}; block += {_layout.Blocks})";
    }

    // The columns of tiles and their widths: a loop, and the last one apart where the width is not a multiple of a tile's.
    private IEnumerable<(string Loop, string Column, int Width)> Columns()
    {
        int whole = Geometry.Output.Width / Outputs;
        yield return ($"for (int column = 0; column < {whole * Outputs}; column += {Outputs})", "column", Outputs);
        if (Geometry.Output.Width % Outputs != 0)
        {
            int width = _layout.EndsInHalf ? Outputs / 2 : Outputs;
            yield return (string.Empty, $"{Geometry.Output.Width - width}", width);
        }
    }

    private string OutputArguments(string column)
    {
        const string channel = "block * 16";
        return string.Join(", ", kernel.Epilogue.Pointers
            .Select(p => p.Tensor is { } tensor
                ? $"{p.Name} + row * {tensor.RowStride} + {column} * {tensor.PixelStride} + {channel} * {tensor.ElementSize}, {tensor.RowStride}, {tensor.PixelStride}"
                : p.Name == "table" ? $"table + {channel}" : p.Name)
            .Append($"{kernel.Step.Weights.PaddedChannels}"));
    }

    private void WriteInput(SourceWriter writer, string name)
    {
        int lanes = Tier.Bytes / sizeof(short);
        writer.Line("/// <summary>B^T x B of one tile: adds and shifts, at most 68 times the largest code. A tile of two rows has its pixels 0, 1, 2, 1, 2 and 3: rowBack is twice the stride.</summary>");
        writer.Line(Attribute);
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

    // Two pixels of a row are adjacent in memory, and are the lanes of one column of a tile; the row below them is the other half of its channels.
    private void WritePhases(SourceWriter writer, string name)
    {
        int lanes = Tier.Bytes / sizeof(short);
        int column = _layout.PhaseLanes;
        int row = _layout.RowStride;
        bool whole = Tier.VectorsPerBlock < 4;
        writer.Line("/// <summary>B^T x B of a row of tiles, its channels the even and odd rows and columns of the input: adds and shifts, at most 68 times the largest code.</summary>");
        writer.Line(Attribute);
        using (writer.Block($"private static void {name}(byte* x, int rowStride, int width, short* t, short* v, int stride)"))
        using (writer.Block("unchecked"))
        {
            writer.Line("// Columns. The last odd row has no weight: the one before it stands for it.");
            using (writer.Block("for (int phase = 0; phase < 2; phase++)"))
            {
                writer.Line("byte* first = x + phase * rowStride;");
                writer.Line("byte* last = first + (10 - 2 * phase) * rowStride;");
                using (writer.Block($"for (int k = 0; k < (width + {_layout.Taps - 1}) * {column}; k += {lanes})"))
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
            using (writer.Block($"for (int tile = 0; tile < width; tile += {Outputs}, v += {Channels})"))
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

    /// <summary>The statements that pack a layer's weights, at load.</summary>
    public static string PackingText(ConvStep step, InstructionSet tier, string packed)
    {
        WinogradLayout layout = new(tier, step.Geometry);
        int perChannel = step.Weights.Source.PerChannel;
        string loop = $"for (int i = 0; i < {step.Geometry.Output.Channels / VectorTier.BlockChannels}; i++)\n{{\n";
        string codes = $"codes + i * {VectorTier.BlockChannels * perChannel}, {perChannel}, {step.Geometry.Input.Channels}";
        string to = $"{packed} + i * {layout.BlockBytes}";
        if (layout.Phases > 1)
        {
            return $"{loop}    WinogradPhases({codes}, {step.Geometry.Kernel.Height}, (short*)({to}), {layout.WeightStride});\n}}";
        }

        return layout.TransformsWeights
            ? $"{loop}    WinogradTaps({codes}, {layout.Channels}, {to});\n}}"
            : $"sbyte* taps = stackalloc sbyte[{layout.Taps * layout.Taps * layout.Channels * VectorTier.BlockChannels}];\n"
            + $"{loop}    WinogradTaps({codes}, {layout.Channels}, taps);\n    {WeightsMethod(VectorTier.For(tier)!)}(taps, {layout.Channels}, (short*)({to}), {layout.WeightStride});\n}}";
    }

    // Bytes: sixteen pairs of input channels. Large layers' weights come from memory.
    private const int PrefetchedAhead = 16 * 9 * 32;

    /// <summary>Name of the method that transforms the weights of sixteen output channels; loading calls it too.</summary>
    public static string WeightsMethod(VectorTier tier) => $"WinogradWeights_{tier.Class}";

    private void WriteWeights(SourceWriter writer, string name)
    {
        int lanes = Tier.Bytes / sizeof(short);
        writer.Line("/// <summary>G w G^T of sixteen output channels: from [pair of input channels][tap][16][2] to [position][pair][16][2]; at most 144 times the largest weight.</summary>");
        writer.Line(Attribute);
        using (writer.Block($"private static void {name}(sbyte* w, int channels, short* u, int stride)"))
        using (writer.Block("unchecked"))
        using (writer.Block($"for (int pair = 0; pair < channels / 2; pair++, w += {_layout.Taps * _layout.Taps * 32}, u += 32)"))
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

    private void WriteProductsMethod(SourceWriter writer, string name, int tiles)
    {
        int block = _layout.TransformedBytes / sizeof(short);
        writer.Line($"/// <summary>{tiles} tiles by {BlockChannels} output channels of one position, summed over the input channels modulo 2^32.</summary>");
        writer.Line(Attribute);
        using (writer.Block($"private static void {name}(short* v, short* w, int* m)"))
        using (writer.Block("unchecked"))
        {
            for (int n = 0; n < Vectors; n++)
            {
                writer.Line($"{Tier.Vector}<int> {string.Join(", ", Enumerable.Range(0, tiles).Select(t => $"c{t}_{n} = {Start((t * Vectors) + n)}"))};");
            }

            using (writer.Block($"for (int k = 0; k < {_layout.ChannelsPerPass / 2}; k++, v += 2, w += 32)"))
            {
                for (int n = 0; n < Vectors; n++)
                {
                    int offset = (n / Tier.VectorsPerBlock * block) + (n % Tier.VectorsPerBlock * Tier.Lanes * 2);
                    writer.Line($"{Tier.Vector}<short> w{n} = {Tier.Vector}.Load(w{ConvTile.Offset(offset)});");
                }

                (int, int)[] places = [.. Enumerable.Range(0, tiles).SelectMany(t => Enumerable.Range(0, Vectors).Select(n => (t, n)))];
                ProductSums.Write(
                    writer, Tier, "int", "c", places, t => $"{Tier.Vector}<short> a{t} = {Tier.Class}.Codes((byte*)(v{ConvTile.Offset(t * Channels)})).AsInt16();",
                    (t, n) => $"{Tier.Class}.PairProducts(a{t}, w{n})");
            }

            writer.Statements([.. Enumerable.Range(0, tiles * Vectors).Select(n => $"c{n / Vectors}_{n % Vectors}.Store(m{ConvTile.Offset(n * Tier.Lanes)});")]);
        }

        string Start(int n) => Passes > 1 ? $"{Tier.Vector}.Load(m{ConvTile.Offset(n * Tier.Lanes)})" : "default";
    }

    private void WriteOutput(SourceWriter writer, string name)
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

        writer.Line($"/// <summary>A^T m A of one tile and {(_layout.Blocks > 1 ? "thirty-two" : "sixteen")} channels: 576 times the sums; times 9^-1 modulo 2^32 and shifted by 6 it is the sums, exactly.</summary>");
        writer.Line(Attribute);
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

    private const string Attribute = "[MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]";
}

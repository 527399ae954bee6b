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

    private WinogradTransforms Transforms => new(kernel, _layout);

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
        string transform = _layout.Phases > 1 ? string.Empty : library.Share(WeightsMethod(Tier), name => Text(writer => Transforms.WriteWeights(writer, name)));
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
    private string InputMethod() => library.Share($"WinogradInput_{Tier.Class}", name => Text(writer => Transforms.WriteInput(writer, name)));

    private string PhasesMethod() => library.Share($"WinogradPhases_{Tier.Class}", name => Text(writer => Transforms.WritePhases(writer, name)));

    private string OutputMethod() => library.Share(
        kernel.Epilogue.Finish(BlockChannels).Replace("Finish_", "WinogradOutput_"), name => Text(writer => Transforms.WriteOutput(writer, name)));

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

    /// <summary>Name of the method that transforms the weights of sixteen output channels; loading calls it too.</summary>
    public static string WeightsMethod(VectorTier tier) => $"WinogradWeights_{tier.Class}";

    private void WriteProductsMethod(SourceWriter writer, string name, int tiles)
    {
        int block = _layout.TransformedBytes / sizeof(short);
        writer.Line($"/// <summary>{tiles} tiles by {BlockChannels} output channels of one position, summed over the input channels modulo 2^32.</summary>");
        writer.Line(KernelLibrary.TileAttribute());
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
                    writer, Tier, "int", (t, n) => $"c{t}_{n}", places, t => $"{Tier.Vector}<short> a{t} = {Tier.Class}.Codes((byte*)(v{ConvTile.Offset(t * Channels)})).AsInt16();",
                    (t, n) => $"{Tier.Class}.PairProducts(a{t}, w{n})");
            }

            writer.Statements([.. Enumerable.Range(0, tiles * Vectors).Select(n => $"c{n / Vectors}_{n % Vectors}.Store(m{ConvTile.Offset(n * Tier.Lanes)});")]);
        }

        string Start(int n) => Passes > 1 ? $"{Tier.Vector}.Load(m{ConvTile.Offset(n * Tier.Lanes)})" : "default";
    }
}

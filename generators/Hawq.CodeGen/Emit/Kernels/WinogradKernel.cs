using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// Exact integer Winograd F(4x4, 3x3) as C# text: transform tiles of 6x6 codes, multiply position by position, transform back, and finish with the
/// same epilogue as every convolution. See <see cref="WinogradLayout"/> for the proof and the memory.
/// </summary>
internal sealed class WinogradKernel(ConvKernel kernel)
{
    private const string Name = ConvKernel.NamePlaceholder;

    private readonly WinogradLayout _layout = new(kernel.Choice.Tier, kernel.Geometry);

    private ConvGeometry Geometry => kernel.Geometry;

    private VectorTier Tier => kernel.Tier;

    private int Channels => Geometry.Input.Channels;

    private int Vectors => _layout.Blocks * Tier.VectorsPerBlock;

    /// <summary>Writes the body of the method that walks over the output rows [first, end).</summary>
    public void WriteBody(SourceWriter writer)
    {
        kernel.Epilogue.WriteLocals(writer);
        int groupRows = WinogradLayout.Outputs * _layout.TileRows;
        int blockBytes = WinogradLayout.Positions * Channels * VectorTier.BlockChannels * sizeof(short);
        writer.Line("short* codes = (short*)scratch;");
        writer.Line($"int* products = (int*)(scratch + {_layout.ProductOffset});");
        writer.Line($"byte* small = scratch + {_layout.TileOffset};");
        using (writer.Block($"for (int y = first; y < end; y += {groupRows})"))
        {
            writer.Line("// Transform tiles of 6x6 codes. A tile that would stick out overlaps its neighbour instead: outputs computed twice are equal.");
            writer.Line("int tiles = 0;");
            writer.Line($"int stop = global::System.Math.Min(y + {groupRows}, end);");
            using (writer.Block($"for (int top = y; top < stop; top += {WinogradLayout.Outputs})"))
            {
                writer.Line($"byte* x = input + {Top} * {Geometry.InputRowStride};");
                foreach ((string loop, string column) in Columns())
                {
                    using (loop.Length == 0 ? null : writer.Block(loop))
                    {
                        writer.Line($"{Name}_Input(x + {column} * {Geometry.InputPixelStride}, codes + tiles++ * {Channels}, (short*)small);");
                    }
                }
            }

            using (writer.Block($"for (int block = 0; block < {kernel.Blocks}; block += {_layout.Blocks})"))
            {
                writer.Line($"// Products of {_layout.Blocks * VectorTier.BlockChannels} output channels, position by position.");
                using (writer.Block($"for (int position = 0; position < {WinogradLayout.Positions}; position++)"))
                using (writer.Block($"for (int tile = 0; tile < tiles; tile += {_layout.TilesPerProduct})"))
                {
                    writer.Line(
                        $"{Name}_Products(codes + position * {_layout.InputStride} + tile * {Channels}, "
                        + $"weights + block * {blockBytes} + position * {blockBytes / WinogradLayout.Positions}, "
                        + $"products + position * {_layout.ProductStride} + tile * {_layout.Blocks * VectorTier.BlockChannels});");
                }

                writer.Line("// Transform back, requantize and store.");
                writer.Line("int* product = products;");
                using (writer.Block($"for (int top = y; top < stop; top += {WinogradLayout.Outputs})"))
                {
                    writer.Line($"int row = {Top};");
                    foreach ((string loop, string column) in Columns())
                    {
                        using (loop.Length == 0 ? null : writer.Block(loop))
                        {
                            for (int n = 0; n < _layout.Blocks; n++)
                            {
                                writer.Line($"{Name}_Output(product{ConvTile.Offset(n * VectorTier.BlockChannels)}, (int*)small, {OutputArguments(column, n)});");
                            }

                            writer.Line($"product += {_layout.Blocks * VectorTier.BlockChannels};");
                        }
                    }
                }
            }
        }
    }

    /// <summary>Writes the methods that the body calls.</summary>
    public void WriteHelpers(SourceWriter writer)
    {
        WriteInput(writer);
        writer.Blank();
        WriteProducts(writer);
        writer.Blank();
        WriteOutput(writer);
        writer.Blank();
        kernel.Epilogue.Write(writer, VectorTier.BlockChannels);
    }

    private static string Top => "global::System.Math.Max(0, global::System.Math.Min(top, end - 4))";

    // The columns of tiles: a loop, and the last one apart where the width is not a multiple of four.
    private IEnumerable<(string Loop, string Column)> Columns()
    {
        int whole = Geometry.Output.Width / WinogradLayout.Outputs;
        yield return ($"for (int column = 0; column < {whole * WinogradLayout.Outputs}; column += {WinogradLayout.Outputs})", "column");
        if (Geometry.Output.Width % WinogradLayout.Outputs != 0)
        {
            yield return (string.Empty, $"{Geometry.Output.Width - WinogradLayout.Outputs}");
        }
    }

    private string OutputArguments(string column, int n)
    {
        string channel = n == 0 ? "block * 16" : $"(block + {n}) * 16";
        return string.Join(", ", kernel.Epilogue.Pointers.Select(p => p.Tensor is { } tensor
            ? $"{p.Name} + row * {tensor.RowStride} + {column} * {tensor.PixelStride} + {channel} * {tensor.ElementSize}"
            : p.Name == "table" ? $"table + {channel}" : p.Name));
    }

    private void WriteInput(SourceWriter writer)
    {
        int lanes = Tier.Bytes / sizeof(short);
        writer.Line("/// <summary>B^T x B of one tile: adds and shifts, at most 68 times the largest code.</summary>");
        writer.Line(Attribute);
        using (writer.Block($"private static void {Name}_Input(byte* x, short* v, short* t)"))
        using (writer.Block("unchecked"))
        using (writer.Block($"for (int channel = 0; channel < {Channels}; channel += {lanes}, x += {lanes}, v += {lanes})"))
        {
            writer.Line("// Columns.");
            using (writer.Block($"for (int j = 0; j < 6; j++)"))
            {
                for (int i = 0; i < 6; i++)
                {
                    writer.Line($"{Tier.Vector}<short> d{i} = {Tier.Class}.LoadCodes(x + {i * Geometry.InputRowStride} + j * {Geometry.InputPixelStride});");
                }

                TransformInput(writer, i => $"t + {i * 6 * lanes} + j * {lanes}");
            }

            writer.Line("// Rows.");
            using (writer.Block($"for (int i = 0; i < 6; i++)"))
            {
                for (int j = 0; j < 6; j++)
                {
                    writer.Line($"{Tier.Vector}<short> d{j} = {Tier.Vector}.Load(t + i * {6 * lanes} + {j * lanes});");
                }

                TransformInput(writer, j => $"v + i * {6 * _layout.InputStride} + {j * _layout.InputStride}");
            }
        }
    }

    private void TransformInput(SourceWriter writer, Func<int, string> target)
    {
        writer.Line($"{Tier.Vector}<short> a = (d2 << 2) - d4, b = (d1 << 2) - d3, c = d4 - d2, e = (d3 - d1) << 1;");
        string[] rows = ["((d0 - d2) << 2) + c", "a + b", "a - b", "c + e", "c - e", "d5 - d3 - (e << 1)"];
        for (int i = 0; i < 6; i++)
        {
            writer.Line($"({rows[i]}).Store({target(i)});");
        }
    }

    private void WriteProducts(SourceWriter writer)
    {
        int tiles = _layout.TilesPerProduct;
        int block = WinogradLayout.Positions * Channels * VectorTier.BlockChannels * sizeof(short);
        writer.Line($"/// <summary>{tiles} tiles by {_layout.Blocks * VectorTier.BlockChannels} output channels of one position, summed over the input channels modulo 2^32.</summary>");
        writer.Line(Attribute);
        using (writer.Block($"private static void {Name}_Products(short* v, sbyte* w, int* m)"))
        using (writer.Block("unchecked"))
        {
            for (int n = 0; n < Vectors; n++)
            {
                writer.Line($"{Tier.Vector}<int> {string.Join(", ", Enumerable.Range(0, tiles).Select(t => $"c{t}_{n} = default"))};");
            }

            using (writer.Block($"for (int k = 0; k < {Channels / 2}; k++, v += 2, w += 64)"))
            {
                for (int n = 0; n < Vectors; n++)
                {
                    int offset = (n / Tier.VectorsPerBlock * block) + (n % Tier.VectorsPerBlock * Tier.Bytes);
                    writer.Line($"{Tier.Vector}<short> w{n} = {Tier.Vector}.Load((short*)(w{ConvTile.Offset(offset)}));");
                }

                for (int n = 0; n < _layout.Blocks; n++)
                {
                    writer.Line($"Sse.Prefetch0(w + {(n * block) + PrefetchBytes});");
                }

                for (int t = 0; t < tiles; t++)
                {
                    writer.Line($"{Tier.Vector}<short> a{t} = {Tier.Class}.Codes((byte*)(v{ConvTile.Offset(t * Channels)})).AsInt16();");
                    for (int n = 0; n < Vectors; n++)
                    {
                        writer.Line($"c{t}_{n} += {Tier.Class}.PairProducts(a{t}, w{n});");
                    }
                }
            }

            for (int t = 0; t < tiles; t++)
            {
                writer.Line(string.Join(" ", Enumerable.Range(0, Vectors).Select(n =>
                    $"c{t}_{n}.Store(m{ConvTile.Offset((t * _layout.Blocks * VectorTier.BlockChannels) + (n * Tier.Lanes))});")));
            }
        }
    }

    private void WriteOutput(SourceWriter writer)
    {
        writer.Line("/// <summary>A^T m A of one tile and sixteen channels: 576 times the sums; times 9^-1 modulo 2^32 and shifted by 6 it is the sums, exactly.</summary>");
        writer.Line(Attribute);
        using (writer.Block($"private static void {Name}_Output(int* m, int* sums, {kernel.Epilogue.Parameters})"))
        using (writer.Block("unchecked"))
        {
            int step = Tier.Lanes;
            using (Tier.VectorsPerBlock == 1 ? writer.Block() : writer.Block($"for (int lane = 0; lane < {VectorTier.BlockChannels}; lane += {step}, m += {step})"))
            {
                string lane = Tier.VectorsPerBlock == 1 ? string.Empty : " + lane";
                for (int j = 0; j < 6; j++)
                {
                    writer.Line($"{Tier.Vector}<int> z0_{j}, z1_{j}, z2_{j}, z3_{j};");
                    using (writer.Block())
                    {
                        for (int i = 0; i < 6; i++)
                        {
                            writer.Line($"{Tier.Vector}<int> m{i} = {Tier.Vector}.Load(m{ConvTile.Offset(((i * 6) + j) * _layout.ProductStride)});");
                        }

                        TransformOutput(writer, i => $"m{i}", (i, value) => $"z{i}_{j} = {value};");
                    }
                }

                writer.Line($"{Tier.Vector}<int> bias = {Tier.Vector}.Load(table{lane}), inverse = {Tier.Vector}.Create(954437177);");
                for (int i = 0; i < 4; i++)
                {
                    using (writer.Block())
                    {
                        int row = i;
                        TransformOutput(writer, j => $"z{row}_{j}", (j, value) =>
                            $"(((({value}) * inverse) >> 6) + bias).Store(sums + {((row * 4) + j) * VectorTier.BlockChannels}{lane});");
                    }
                }
            }

            for (int i = 0; i < 4; i++)
            {
                for (int j = 0; j < 4; j++)
                {
                    string accumulators = string.Join(", ", Enumerable.Range(0, Tier.VectorsPerBlock).Select(v =>
                        $"{Tier.Vector}.Load(sums + {(((i * 4) + j) * VectorTier.BlockChannels) + (v * Tier.Lanes)})"));
                    writer.Line(kernel.Epilogue.Call(accumulators, j, 0, false, i));
                }
            }
        }
    }

    private static void TransformOutput(SourceWriter writer, Func<int, string> m, Func<int, string, string> target)
    {
        writer.Line($"var p = {m(1)} + {m(2)};");
        writer.Line($"var g = {m(1)} - {m(2)};");
        writer.Line($"var r = {m(3)} + {m(4)};");
        writer.Line($"var s = {m(3)} - {m(4)};");
        string[] rows = [$"{m(0)} + p + r", "g + (s << 1)", "p + (r << 2)", $"g + (s << 3) + ({m(5)} << 1)"];
        for (int i = 0; i < 4; i++)
        {
            writer.Line(target(i, rows[i]));
        }
    }

    // Weights of all positions are more than the second-level cache holds; 4 to 16 KB ahead measured equal, 2 KB too short (docs/kernels.md).
    private const int PrefetchBytes = 8192;

    private const string Attribute = "[MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]";
}

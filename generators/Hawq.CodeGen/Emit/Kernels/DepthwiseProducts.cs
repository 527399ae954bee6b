using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// Every channel alone: the codes of two kernel rows lie side by side as int16 pairs in the channel's lane, so that one vpmaddwd multiplies and adds
/// both; a column of codes serves every output pixel of the tile whose window it is in. Exact for all codes and weights.
/// </summary>
internal sealed class DepthwiseProducts(ConvKernel kernel) : ConvProducts(kernel)
{
    /// <inheritdoc/>
    public override void Write(SourceWriter writer, ConvTile tile)
    {
        tile.StartAtBias(writer);
        ConvGeometry g = Kernel.Geometry;
        int pairs = (g.Kernel.Height + 1) / 2;
        int rowBytes = g.Dilation.Height * g.InputRowStride;
        int[] columns = Enumerable.Range(0, tile.Pixels)
            .SelectMany(m => Enumerable.Range(0, g.Kernel.Width).Select(kx => (m * g.Stride.Width) + (kx * g.Dilation.Width)))
            .Distinct().OrderBy(column => column).ToArray();
        for (int v = 0; v < tile.VectorCount; v++)
        {
            writer.Line(tile.VectorCount == 1 ? "// The weights: two kernel rows per vector." : $"// Channels {v * Kernel.Tier.Lanes} to {((v + 1) * Kernel.Tier.Lanes) - 1}: the weights, two kernel rows per vector.");
            for (int pair = 0; pair < pairs; pair++)
            {
                for (int kx = 0; kx < g.Kernel.Width; kx++)
                {
                    int offset = (((pair * g.Kernel.Width) + kx) * VectorTier.BlockChannels * 4) + (v * Kernel.Tier.Bytes);
                    writer.Line($"{Kernel.Tier.Vector}<short> w{pair}_{kx}_{v} = {Kernel.Tier.Vector}.Load((short*)(w{ConvTile.Offset(offset)}));");
                }
            }

            writer.Line("// Column by column of the input.");
            foreach (int column in columns)
            {
                for (int pair = 0; pair < pairs; pair++)
                {
                    int at = (2 * pair * rowBytes) + (column * g.InputPixelStride) + (v * Kernel.Tier.Lanes);
                    string codes = (2 * pair) + 1 < g.Kernel.Height
                        ? $"{Ops}.PairedBytes(x{ConvTile.Offset(at)}, x{ConvTile.Offset(at + rowBytes)})"
                        : $"{Ops}.LoadBytes(x{ConvTile.Offset(at)}).AsInt16()";
                    writer.Line($"{Kernel.Tier.Vector}<short> a{column}_{pair}_{v} = {codes};");
                    for (int m = 0; m < tile.Pixels; m++)
                    {
                        if (Tap(column, m) is { } kx)
                        {
                            writer.Line($"c{m}_{v} += {Ops}.PairProducts(a{column}_{pair}_{v}, w{pair}_{kx}_{v});");
                        }
                    }
                }
            }
        }

        // The kernel column that a pixel's window meets an input column with, or null.
        int? Tap(int column, int pixel)
        {
            int offset = column - (pixel * g.Stride.Width);
            return offset >= 0 && offset % g.Dilation.Width == 0 && offset / g.Dilation.Width < g.Kernel.Width ? offset / g.Dilation.Width : null;
        }
    }
}

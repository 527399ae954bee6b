using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>
/// A table indexed by codes, the form in which <see cref="Export.QdqExporter"/> writes functions: Cast of the codes to integers, for tables per channel
/// Add of where each begins, Gather, and DequantizeLinear.
/// </summary>
internal static class CodeTable
{
    private const string Codes = "#codes";

    /// <summary>Where the left operand holds codes and the right one an integer per channel: binds positions in a table.</summary>
    public static bool TryAddOffsets(NodeContext node)
    {
        if (node.InputCount != 2 || node.Input(0) is not Activation { Codes: { Offsets: null } grid } codes || node.Input(1) is not Constant { Integers: { } offsets } constant)
        {
            return false;
        }

        int axis = codes.ChannelAxis;
        bool isPerChannel = constant.Dims.Length == codes.Rank && axis >= 0 && constant.Dims[axis] == constant.Count && constant.Count == codes.Shape.Channels;
        node.Bind(
            0,
            isPerChannel || constant.Count == 1
                ? codes.As(grid with { Offsets = offsets })
                : throw node.Unsupported(
                    $"it adds [{string.Join(", ", constant.Dims)}] to codes [{string.Join(", ", codes.Dims)}]", "One integer, or one per channel, as position in a table is supported."));
        return true;
    }

    /// <summary>Gather: the entries at positions.</summary>
    public static void Import(NodeContext node, Constant table, Activation positions)
    {
        CodeGrid grid = positions.Codes is { Scale: > 0 } codes
            ? codes
            : throw node.Unsupported($"its indices '{node.InputName(1)}' are computed from numbers that are no codes", "Indices that are constants, or codes of a value, are supported.");
        IReadOnlyList<long> offsets = grid.Offsets ?? [0];
        int entries = checked(grid.Hi - grid.Lo + 1);
        ConstantMath.CheckCount(node, [offsets.Count, entries]);
        if (table.Dims.Length != 1 || offsets.Min() + grid.Lo < 0 || offsets.Max() + grid.Hi >= table.Count)
        {
            throw node.Unsupported(
                $"its table [{string.Join(", ", table.Dims)}] has no entry for some of the codes {grid.Lo} to {grid.Hi}", "A table of one dimension with an entry per code is supported.");
        }

        float[] values = table.Floats ?? Array.ConvertAll(table.Integers!, value => (float)value);
        float[][] tables = [.. offsets.Select(offset => values.AsSpan((int)offset + grid.Lo, entries).ToArray())];
        bool isReal = table.Floats is not null;
        node.Emit(
            new TableNode(isReal ? node.Name : node.Graph.UniqueName(node.Name + Codes), positions.Name, node.Output, grid.Scale, grid.ZeroPoint - grid.Lo, tables),
            positions.Renamed(node.Output).As(isReal ? null : CodeGrid.Unknown));
    }

    /// <summary>DequantizeLinear of a table's codes: the table of what they stand for, and its grid.</summary>
    public static void Dequantize(NodeContext node, Activation codes, CodeGrid grid)
    {
        if (node.Graph.Nodes.LastOrDefault(other => other.Output == codes.Name) is not TableNode table)
        {
            throw node.Unsupported("it reads codes that do not come straight from Gather", "Dequantize the codes of a table before anything else.");
        }

        string name = node.Graph.UniqueName(table.Name[..^Codes.Length]), output = $"{node.Output}#table";
        float[][] tables = [.. table.Tables.Select(entries => Array.ConvertAll(entries, code => (float)((code - (double)grid.ZeroPoint) * grid.Scale)))];
        node.EmitHelper(table with { Name = name, Output = output, Tables = tables }, codes.Shape);
        node.Emit(new QuantizeNode(node.Name, output, node.Output, grid.Scale, grid.ZeroPoint, grid.Lo, grid.Hi), codes.Renamed(node.Output).As(null));
    }
}

using Hawq.Model;
using Hawq.Onnx.Schema;
using static Hawq.Onnx.Export.OnnxWriter;

namespace Hawq.Onnx.Export;

/// <content>Layers without weights.</content>
internal sealed partial class QdqGraph
{
    private void WriteAveragePool(AveragePoolLayer pool, string real)
    {
        int area = pool.Kernel.Height * pool.Kernel.Width;
        bool countsPadding = pool.Divisors.Count == 1 && pool.Divisors[0].Count == area;
        writer.Node(
            "AveragePool", real, [Value(pool.Input)], [.. Window(pool.Kernel, pool.Stride, pool.Padding), Attribute("count_include_pad", countsPadding ? 1L : 0L)]);
    }

    /// <summary>
    /// A table as Gather: ONNX has no operator for a function given by its values. The index is the u8 code, so the table is filled up to 256 entries with its
    /// first and its last.
    /// </summary>
    private void WriteLookup(LookupLayer lookup)
    {
        const int Entries = 256;
        ExportedGrid from = grids[lookup.Input], to = grids[lookup.Output];
        Tensor input = _tensors[lookup.Input], output = _tensors[lookup.Output];
        int lowest = input.Lo - input.ZeroPoint + from.ZeroPoint;
        int[][] tables =
        [
            .. lookup.Tables.Select(table => Enumerable.Range(0, Entries).Select(code => table[Math.Clamp(code - lowest, 0, table.Count - 1)]).ToArray()),
        ];
        string index = writer.Node("Cast", $"{lookup.Output}_index", [_codes[from.Name]], Attribute("to", (long)TensorProto.Types.DataType.Int32));
        if (tables.Length > 1)
        {
            int[] first = [.. Enumerable.Range(0, tables.Length).Select(channel => channel * Entries)];
            long[] dims = _flat.Contains(lookup.Input) ? [1, first.Length] : [1, first.Length, 1, 1];
            index = writer.Node("Add", $"{lookup.Output}_entry", [index, writer.Codes($"{lookup.Output}_first", TensorProto.Types.DataType.Int32, first, dims)]);
        }

        if (_flat.Contains(lookup.Input))
        {
            _flat.Add(lookup.Output);
        }

        int[] codes = [.. tables.SelectMany(table => table)];
        string name = $"{lookup.Output}_table";
        if (to.IsReal)
        {
            string real = writer.Floats(name, [.. codes.Select(code => output.Scale * (code - output.ZeroPoint))], codes.Length);
            _dequantized.Add(writer.Node("Gather", Dequantized(to.Name), [real, index], Attribute("axis", 0L)));
            return;
        }

        string values = writer.Codes(name, to.Type, [.. codes.Select(code => to.CodeOf(output, code))], codes.Length);
        _codes.Add(to.Name, writer.Node("Gather", $"{to.Name}_quantized", [values, index], Attribute("axis", 0L)));
    }

    /// <summary>Layers that only move codes.</summary>
    private void WriteMove(Layer layer, string real)
    {
        string input = Value(layer.Inputs[0]);
        switch (layer)
        {
            case MaxPoolLayer pool:
                writer.Node(
                    "MaxPool", real, [input],
                    [.. Window(pool.Kernel, pool.Stride, pool.Padding), Attribute("dilations", pool.Dilation.Height, pool.Dilation.Width)]);
                break;
            case PermuteLayer permute:
                string source = writer.Longs($"{layer.Output}_source", [.. permute.Source.Select(channel => (long)channel)]);
                writer.Node("Gather", real, [input, source], Attribute("axis", 1L));
                break;
            case ResizeLayer resize:
                string factors = writer.Floats($"{layer.Output}_factors", [1, 1, resize.Factor.Height, resize.Factor.Width], 4);
                writer.Node(
                    "Resize", real, [input, "", factors],
                    Attribute("mode", "nearest"), Attribute("coordinate_transformation_mode", "asymmetric"), Attribute("nearest_mode", "floor"));
                break;
            case SpreadLayer spread:
                WriteSpread(spread, input, real);
                break;
            case SliceLayer slice:
                WriteSlice(layer.Output, input, real, slice.StartChannel, slice.Start, slice.Step);
                break;
            case PadLayer pad:
                string pads = writer.Longs(
                    $"{layer.Output}_pads", 0, pad.ChannelsBefore, pad.Padding.Top, pad.Padding.Left, 0, pad.ChannelsAfter, pad.Padding.Bottom, pad.Padding.Right);
                writer.Node("Pad", real, [input, pads]);
                break;
            default:
                throw new HawqException(HawqIds.OnnxUnsupported, $"The layer '{layer.Name}' ({layer.Op}) cannot be written as ONNX.");
        }
    }

    /// <summary>Zeros between the pixels: a transposed convolution whose kernel is one 1 per channel.</summary>
    private string WriteSpread(SpreadLayer spread, string input, string real)
    {
        int channels = _tensors[spread.Input].Shape.Channels;
        return writer.Node(
            "ConvTranspose", real, [input, writer.Floats($"{spread.Output}_ones", [.. Enumerable.Repeat(1f, channels)], channels, 1, 1, 1)],
            Attribute("group", (long)channels), Attribute("strides", spread.Step.Height, spread.Step.Width));
    }

    private void WriteSlice(string name, string input, string real, int startChannel, Size2 start, Size2 step)
    {
        Shape shape = _tensors[name].Shape;
        writer.Node(
            "Slice", real,
            [
                input,
                writer.Longs($"{name}_starts", startChannel, start.Height, start.Width),
                writer.Longs(
                    $"{name}_ends", startChannel + shape.Channels, start.Height + ((shape.Height - 1) * step.Height) + 1,
                    start.Width + ((shape.Width - 1) * step.Width) + 1),
                writer.Longs($"{name}_axes", 1, 2, 3),
                writer.Longs($"{name}_steps", 1, step.Height, step.Width),
            ]);
    }

    private static AttributeProto[] Window(Size2 kernel, Size2 stride, Padding padding) =>
    [
        Attribute("kernel_shape", kernel.Height, kernel.Width),
        Attribute("strides", stride.Height, stride.Width),
        Attribute("pads", padding.Top, padding.Left, padding.Bottom, padding.Right),
    ];
}

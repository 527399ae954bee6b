using Hawq.Model;

namespace Hawq.Onnx.Import;

/// <summary>
/// A view of a <see cref="FloatGraph"/> value as ONNX sees it: dimensions over the elements of the value in channel, row, column order.
/// Reshape, Transpose, Flatten, Squeeze and Unsqueeze only change the view, so they cost nothing; the operators that need a definite
/// layout check it (<see cref="IsImage"/>) or fold it into their weights (<see cref="Offsets"/>).
/// </summary>
internal sealed class Activation : Value
{
    private readonly Atom[][] _axes;

    private Activation(string name, Shape shape, Atom[][] axes, CodeGrid? codes = null)
    {
        Codes = codes;
        Name = name;
        Shape = shape;
        _axes = [.. axes.Select(Merge)];
    }

    /// <summary>One factor of a dimension: <paramref name="Size"/> steps of <paramref name="Stride"/> elements.</summary>
    private readonly record struct Atom(int Size, int Stride);

    /// <summary>
    /// Where the ONNX value holds integer codes (between QuantizeLinear and DequantizeLinear): their grid. The FloatGraph value is real
    /// all the same. Null for a real ONNX value.
    /// </summary>
    public CodeGrid? Codes { get; }

    /// <summary>Name of the FloatGraph value.</summary>
    public string Name { get; }

    /// <summary>Shape of the FloatGraph value.</summary>
    public Shape Shape { get; }

    /// <summary>ONNX dimensions, the batch included as 1.</summary>
    public int[] Dims => [.. _axes.Select(SizeOf)];

    /// <summary>Number of ONNX dimensions.</summary>
    public int Rank => _axes.Length;

    /// <summary>A value seen as [1, C, H, W].</summary>
    public static Activation Image(string name, Shape shape) =>
        new(name, shape, [[], [new(shape.Channels, shape.Height * shape.Width)], [new(shape.Height, shape.Width)], [new(shape.Width, 1)]]);

    /// <summary>A value of one row and one column seen as [1, features].</summary>
    public static Activation Features(string name, int features) => new(name, new Shape(1, 1, features), [[], [new(features, 1)]]);

    /// <summary>The same view of another value of the same shape: what an element-wise operator returns.</summary>
    public Activation Renamed(string name) => new(name, Shape, _axes, Codes);

    /// <summary>The same value as codes of a grid, or (null) as real numbers.</summary>
    public Activation As(CodeGrid? codes) => new(Name, Shape, _axes, codes);

    /// <summary>Whether the view is [1, C, H, W] over exactly the value's rows, columns and channels.</summary>
    public bool IsImage => Rank == 4 && SameView(Image(Name, Shape));

    /// <summary>Whether the view lists the elements in channel, row, column order.</summary>
    public bool IsContiguous => Merge([.. _axes.SelectMany(axis => axis)]) is [] or [{ Stride: 1 }];

    /// <summary>The dimension that runs over exactly the channels in order, or -1 (also where there is one channel).</summary>
    public int ChannelAxis => Array.FindIndex(_axes, axis => axis is [var atom] && atom == new Atom(Shape.Channels, Shape.Height * Shape.Width));

    /// <summary>
    /// Where the view is [1, C, H, W] but for the order of the channels: that order, as the channel to be read at each place; else null.
    /// </summary>
    public int[]? ChannelSource()
    {
        if (Rank != 4 || !WithChannels([new(Shape.Channels, Shape.Height * Shape.Width)]).IsImage)
        {
            return null;
        }

        int[] source = [0];
        foreach (Atom atom in _axes[1])
        {
            source = [.. source.SelectMany(start => Enumerable.Range(0, atom.Size).Select(i => start + (i * atom.Stride)))];
        }

        int area = Shape.Height * Shape.Width;
        return source.Length == Shape.Channels && source.All(offset => offset % area == 0) ? [.. source.Select(offset => offset / area)] : null;
    }

    /// <summary>Whether two views arrange values of one shape in the same way, so that element-wise operators may work on the values.</summary>
    public bool SameView(Activation other) =>
        Shape == other.Shape && Rank == other.Rank && _axes.Zip(other._axes).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    /// <summary>The view with its dimensions in another order.</summary>
    public Activation Transposed(IReadOnlyList<int> permutation) => new(Name, Shape, [.. permutation.Select(axis => _axes[axis])], Codes);

    /// <summary>The view with other dimensions of the same number of elements, or null when no view can express it.</summary>
    public Activation? Reshaped(IReadOnlyList<int> dims)
    {
        // Merged over all axes first, so that whatever is contiguous can be split anywhere.
        Stack<Atom> rest = new(Merge([.. _axes.SelectMany(axis => axis)]).Reverse());
        var axes = new Atom[dims.Count][];
        for (int i = 0; i < dims.Count; i++)
        {
            List<Atom> axis = [];
            int need = dims[i];
            while (need > 1)
            {
                if (!rest.TryPop(out Atom atom))
                {
                    return null;
                }

                if (need % atom.Size == 0)
                {
                    axis.Add(atom);
                    need /= atom.Size;
                }
                else if (atom.Size % need == 0)
                {
                    int inner = atom.Size / need;
                    axis.Add(new(need, atom.Stride * inner));
                    rest.Push(new(inner, atom.Stride));
                    need = 1;
                }
                else
                {
                    return null;
                }
            }

            axes[i] = [.. axis];
        }

        return rest.Count == 0 ? new(Name, Shape, axes, Codes) : null;
    }

    /// <summary>Position of every element, in the view's order, within the value in channel, row, column order.</summary>
    public int[] Offsets()
    {
        int[] offsets = [0];
        foreach (Atom atom in _axes.SelectMany(axis => axis))
        {
            offsets = [.. offsets.SelectMany(start => Enumerable.Range(0, atom.Size).Select(i => start + (i * atom.Stride)))];
        }

        return offsets;
    }

    private Activation WithChannels(Atom[] channels) => new(Name, Shape, [_axes[0], channels, _axes[2], _axes[3]], Codes);

    private static int SizeOf(Atom[] axis) => axis.Aggregate(1, (size, atom) => size * atom.Size);

    private static Atom[] Merge(Atom[] atoms)
    {
        List<Atom> merged = [];
        foreach (Atom atom in atoms.Where(atom => atom.Size > 1))
        {
            if (merged.Count > 0 && merged[^1].Stride == (long)atom.Size * atom.Stride)
            {
                merged[^1] = new(merged[^1].Size * atom.Size, atom.Stride);
            }
            else
            {
                merged.Add(atom);
            }
        }

        return [.. merged];
    }
}

using Hawq.Model;

namespace Hawq.Quantization.Data;

/// <summary>Several sets of one kind, one after the other; it owns them.</summary>
public sealed class JoinedDataSet : IDataSet
{
    private readonly IDataSet[] _parts;
    private readonly int[] _ends; // index behind the last input of each part

    /// <summary>Joins sets.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Data"/>: some have labels and some have none.</exception>
    public JoinedDataSet(IReadOnlyList<IDataSet> parts)
    {
        _parts = [.. parts];
        _ends = new int[_parts.Length];
        for (int i = 0; i < _ends.Length; i++)
        {
            _ends[i] = (i == 0 ? 0 : _ends[i - 1]) + _parts[i].Count;
        }

        if (_parts.FirstOrDefault(part => part.Labels.Count != part.Count) is { } unlabelled && _parts.Any(part => part.Labels.Count > 0))
        {
            throw new HawqException(HawqIds.Data, "Either all sets have labels or none has: this one has none.", unlabelled.Name);
        }

        Labels = [.. _parts.SelectMany(part => part.Labels)];
    }

    /// <inheritdoc/>
    public string Name => string.Join(", ", _parts.Select(part => part.Name));

    /// <inheritdoc/>
    public int Count => _ends[^1];

    /// <inheritdoc/>
    public Shape Shape => _parts[0].Shape;

    /// <inheritdoc/>
    public IReadOnlyList<int> Labels { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => _parts[0].ClassNames;

    /// <inheritdoc/>
    public Preprocess? Preprocess => _parts[0].Preprocess;

    /// <inheritdoc/>
    public void ReadPixels(int index, Span<byte> pixels)
    {
        (IDataSet part, int own) = Find(index);
        part.ReadPixels(own, pixels);
    }

    /// <inheritdoc/>
    public void ReadValues(int index, Span<float> values)
    {
        (IDataSet part, int own) = Find(index);
        part.ReadValues(own, values);
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_parts, part => part.Dispose());

    private (IDataSet Part, int Index) Find(int index)
    {
        int part = Array.FindIndex(_ends, end => index < end);
        return (_parts[part], index - _ends[part] + _parts[part].Count);
    }
}

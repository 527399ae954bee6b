using Hawq.Model;

namespace Hawq.Quantization.Data;

/// <summary>
/// A set of network inputs, read one at a time (nothing is held in memory). Safe to read from several threads.
/// </summary>
public interface IDataSet : IDisposable
{
    /// <summary>File or folder name, without its path, for reports.</summary>
    string Name { get; }

    /// <summary>Number of inputs, at least 1.</summary>
    int Count { get; }

    /// <summary>Shape of one input: that of the network's input.</summary>
    Shape Shape { get; }

    /// <summary>Class index of every input, or empty where there are no labels.</summary>
    IReadOnlyList<int> Labels { get; }

    /// <summary>Names of the classes, or empty where they have none.</summary>
    IReadOnlyList<string> ClassNames { get; }

    /// <summary>How bytes become real inputs, or null when the inputs are not images.</summary>
    Preprocess? Preprocess { get; }

    /// <summary>Reads one image as bytes in the order row, column, channel (the network's channel order), resized and cropped.</summary>
    /// <param name="index">0 .. <see cref="Count"/> - 1.</param>
    /// <param name="pixels">Receives <see cref="Shape"/>.Length bytes.</param>
    /// <exception cref="InvalidOperationException">The inputs are not images (<see cref="Preprocess"/> is null).</exception>
    void ReadPixels(int index, Span<byte> pixels);

    /// <summary>Reads one real-valued input (images: preprocessed) in the order row, column, channel.</summary>
    /// <param name="index">0 .. <see cref="Count"/> - 1.</param>
    /// <param name="values">Receives <see cref="Shape"/>.Length values.</param>
    void ReadValues(int index, Span<float> values);
}

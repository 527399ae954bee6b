using Hawq.Model;

namespace Hawq.Quantization.Engine;

/// <summary>The same tensor of several images, image by image, each in the order row, column, channel.</summary>
/// <typeparam name="T">float for real values, int for codes.</typeparam>
public sealed class Batch<T>
{
    /// <summary>Allocates zeros.</summary>
    /// <param name="shape">Shape of one image's tensor.</param>
    /// <param name="count">Number of images.</param>
    public Batch(Shape shape, int count)
    {
        Shape = shape;
        Count = count;
        Data = new T[checked(shape.Length * count)];
    }

    private Batch(Shape shape, int count, T[] data) => (Shape, Count, Data) = (shape, count, data);

    /// <summary>Shape of one image's tensor.</summary>
    public Shape Shape { get; }

    /// <summary>Number of images.</summary>
    public int Count { get; }

    /// <summary>All values.</summary>
    public T[] Data { get; }

    /// <summary>One image's values.</summary>
    public Span<T> this[int image] => Data.AsSpan(image * Shape.Length, Shape.Length);

    /// <summary>The same values under another shape of the same length.</summary>
    public Batch<T> Reshape(Shape shape) => shape.Length == Shape.Length
        ? new(shape, Count, Data)
        : throw new ArgumentException($"{shape} has another length than {Shape}.", nameof(shape));
}

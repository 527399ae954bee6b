using Hawq.Model;

namespace Hawq.Onnx.Import;

/// <summary>Bounds on what a model file may ask for, so that a damaged or hostile file ends in a message, not in an exhausted machine.</summary>
internal static class ImportLimits
{
    /// <summary>Protocol buffers cannot be longer than 2 GiB; larger models keep their weights in external data files.</summary>
    public const long MaxFileBytes = int.MaxValue;

    /// <summary>Elements of one activation: 256 Mi elements, far above any image network's largest tensor, and 1 GiB as float32.</summary>
    public const long MaxActivationElements = 1L << 28;

    /// <summary>Rows or columns of an activation.</summary>
    public const int MaxSide = 1 << 16;

    /// <summary>Channels (or features) of an activation.</summary>
    public const int MaxChannels = 1 << 20;

    /// <summary>Elements of all constants together that constant folding computes and that can be larger than what the file stores.</summary>
    public const long MaxFoldedElements = 1L << 24;

    /// <summary>Dimensions of a tensor.</summary>
    public const int MaxRank = 8;

    /// <summary>Oldest opset whose operators have the semantics that the importer assumes.</summary>
    public const int MinOpset = 6;

    /// <summary>Newest opset that the importer was checked against.</summary>
    public const int MaxOpset = 26;

    /// <summary>Whether an activation may have a shape.</summary>
    public static bool Allows(Shape shape) =>
        shape.Height is >= 1 and <= MaxSide && shape.Width is >= 1 and <= MaxSide && shape.Channels is >= 1 and <= MaxChannels &&
        (long)shape.Height * shape.Width * shape.Channels <= MaxActivationElements;
}

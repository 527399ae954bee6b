namespace Hawq.Model;

/// <summary>
/// What a manifest may ask for at most. A manifest is untrusted text that runs inside a compiler: every count that memory or time grows with
/// has a limit, far above the networks that this product is for.
/// </summary>
public static class ManifestLimits
{
    /// <summary>Characters of the text, and bytes of the file. A network of 25 million weights takes about a million.</summary>
    public const int TextLength = 32 << 20;

    /// <summary>Values in the text: numbers, strings, arrays, objects. Each takes about a hundred bytes; a network of 25 million weights has 200,000.</summary>
    public const int Values = 2 << 20;

    /// <summary>Nested arrays and objects. The format needs 4; the parser recurses.</summary>
    public const int Depth = 16;

    /// <summary>Characters of one string.</summary>
    public const int StringLength = 1024;

    /// <summary>Tensors, and layers.</summary>
    public const int Layers = 20_000;

    /// <summary>Labels, and settings.</summary>
    public const int Labels = 100_000;

    /// <summary>One dimension of a shape, channels of a layer, a stride, a padding.</summary>
    public const int Dimension = 1 << 20;

    /// <summary>Rows, and columns, of a kernel: a layer states one fact for each of its rows.</summary>
    public const int Kernel = 1024;

    /// <summary>Elements of a tensor, or of a layer's weights: offsets and products of them stay in int32 with room to spare.</summary>
    public const int Elements = 1 << 27;

    /// <summary>Errors that are reported for one manifest.</summary>
    public const int Errors = 50;
}

namespace Hawq.Quantization.Data;

/// <summary>What a data set may ask for at most: its files may come from anyone.</summary>
internal static class DataLimits
{
    /// <summary>Inputs of a set: their labels are held in memory.</summary>
    public const int Inputs = 10_000_000;

    /// <summary>Pixels of one image, in the file and resized: a small file can hold a huge image. 50 million of four bytes are 200 MB.</summary>
    public const long ImagePixels = 50_000_000;

    /// <summary>Bytes of a label list: ten million short lines.</summary>
    public const long LabelListBytes = 1L << 28;

    /// <summary>Bytes of a preprocessing file.</summary>
    public const long PreprocessBytes = 1 << 16;

    /// <summary>Shorter side that an image is resized to.</summary>
    public const int ResizedSide = 1 << 14;
}

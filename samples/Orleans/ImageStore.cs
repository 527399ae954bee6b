using Cifar10;

namespace OrleansSample;

/// <summary>
/// Stands for a store that holds more images than one machine: a file of 200 images that repeats for ever. A real one is a folder on a shared file
/// system or an object store; all that is asked of it is that every silo reads the same image under the same index.
/// </summary>
internal static class ImageStore
{
    private static readonly Cifar10File s_file = Cifar10File.Read(Path.Combine(AppContext.BaseDirectory, "data", "test_batch_200.bin"));

    /// <summary>Copies an image.</summary>
    public static void CopyPixels(long index, Span<byte> pixels) => s_file.CopyPixels((int)(index % s_file.Count), pixels);
}

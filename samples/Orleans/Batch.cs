namespace OrleansSample;

/// <summary>A range of images. It travels to the worker instead of the images: whoever can reach the store reads its part of it.</summary>
/// <param name="Id">Place of the batch in the run; its result is recorded under this number, once.</param>
/// <param name="First">Index of the first image.</param>
/// <param name="Count">Number of images.</param>
[GenerateSerializer]
internal sealed record Batch([property: Id(0)] int Id, [property: Id(1)] long First, [property: Id(2)] int Count)
{
    /// <summary>Images 0 to <paramref name="images"/> - 1 in batches of <paramref name="size"/>; the last may be smaller.</summary>
    public static Batch[] Split(int images, int size) =>
        [.. Enumerable.Range(0, (images + size - 1) / size).Select(i => new Batch(i, (long)i * size, Math.Min(size, images - (i * size))))];
}

/// <summary>What a worker made of a batch.</summary>
/// <typeparam name="T">Element of the result.</typeparam>
/// <param name="Batch">Id of the batch.</param>
/// <param name="Result">Depends on the batch alone, and on nothing else: the same on every machine, however often it is asked for.</param>
/// <param name="Silo">The process that did the work, for the report.</param>
[GenerateSerializer]
internal sealed record Answer<T>([property: Id(0)] int Batch, [property: Id(1)] T[] Result, [property: Id(2)] string Silo);

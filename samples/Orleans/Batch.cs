namespace OrleansSample;

/// <summary>A range of images. It travels to the worker instead of the images: whoever can reach the store reads its part of it.</summary>
/// <param name="Id">Place of the batch in the run; its result is recorded under this number, once.</param>
/// <param name="First">Index of the first image.</param>
/// <param name="Count">Number of images.</param>
[GenerateSerializer]
internal sealed record Batch([property: Id(0)] int Id, [property: Id(1)] long First, [property: Id(2)] int Count);

/// <summary>What a worker made of a batch.</summary>
/// <param name="Batch">Id of the batch.</param>
/// <param name="Logits">Logits of its images, one after the other: the same on every machine.</param>
/// <param name="Silo">The process that did the work, for the report.</param>
[GenerateSerializer]
internal sealed record BatchResult([property: Id(0)] int Batch, [property: Id(1)] int[] Logits, [property: Id(2)] string Silo);

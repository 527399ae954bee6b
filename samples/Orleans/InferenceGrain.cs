using Orleans.Concurrency;

namespace OrleansSample;

/// <summary>Runs the network on batches.</summary>
internal interface IInferenceGrain : IGrainWithIntegerKey
{
    /// <summary>The logits of a batch. Has no effect beside its answer, so asking again is harmless.</summary>
    Task<Answer<int>> Infer(Batch batch);
}

/// <summary>
/// A stateless worker: Orleans makes as many activations of it in a silo as there is work, at most one per processor here. Each owns an instance of the
/// generated network, which serves one caller at a time, as a grain does; the weights are shared by all of them.
/// </summary>
[StatelessWorker]
internal sealed class InferenceGrain(ILocalSiloDetails silo) : Grain, IInferenceGrain, IDisposable
{
    private readonly Resnet20Cifar10 _network = new();

    /// <inheritdoc/>
    public Task<Answer<int>> Infer(Batch batch) => Task.FromResult(new Answer<int>(batch.Id, Logits(_network, batch), silo.Name));

    /// <inheritdoc/>
    public void Dispose() => _network.Dispose();

    /// <summary>The work itself, also done by the single process that the run is compared with.</summary>
    public static int[] Logits(Resnet20Cifar10 network, Batch batch)
    {
        byte[] pixels = new byte[Resnet20Cifar10.InputLength];
        int[] logits = new int[batch.Count * Resnet20Cifar10.OutputLength];
        for (int i = 0; i < batch.Count; i++)
        {
            ImageStore.CopyPixels(batch.First + i, pixels);
            network.Infer(pixels, logits.AsSpan(i * Resnet20Cifar10.OutputLength, Resnet20Cifar10.OutputLength));
        }

        return logits;
    }
}

using Orleans.Runtime;

namespace OrleansSample;

/// <summary>Sends every batch to a worker until it has its answer.</summary>
/// <typeparam name="T">Element of a result.</typeparam>
/// <param name="ask">Asks the worker of a key.</param>
/// <param name="ledger">Receives the results.</param>
/// <param name="workers">Batches in flight, each on a worker key of its own: keys spread over the silos.</param>
internal sealed class Coordinator<T>(Func<long, Batch, Task<Answer<T>>> ask, Ledger<T> ledger, int workers)
    where T : unmanaged
{
    /// <summary>Times that one batch is tried. A dead silo costs one of them, a cluster that is gone all.</summary>
    private const int Attempts = 10;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);
    private readonly Dictionary<string, int> _bySilo = [];
    private int _retries;

    /// <summary>Calls that brought no answer and were made again.</summary>
    public int Retries => _retries;

    /// <summary>Recorded batches by the silo that answered.</summary>
    public IReadOnlyDictionary<string, int> BySilo => _bySilo;

    /// <summary>Runs all batches.</summary>
    /// <param name="batches">The batches.</param>
    /// <param name="recorded">Called after each record, one at a time, with the number of records.</param>
    public Task Run(IEnumerable<Batch> batches, Action<int> recorded) =>
        Parallel.ForEachAsync(batches, new ParallelOptions { MaxDegreeOfParallelism = workers }, async (batch, _) =>
        {
            Answer<T> answer = await Ask(batch);
            if (ledger.Record(answer.Batch, answer.Result))
            {
                lock (_bySilo)
                {
                    _bySilo[answer.Silo] = _bySilo.GetValueOrDefault(answer.Silo) + 1;
                    recorded(ledger.Recorded);
                }
            }
        });

    private async Task<Answer<T>> Ask(Batch batch)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                // Another key every time: it may lead to another silo.
                return await ask((batch.Id + attempt) % workers, batch);
            }
            catch (Exception lost) when (lost is OrleansException or TimeoutException && attempt < Attempts)
            {
                Interlocked.Increment(ref _retries);
                await Task.Delay(s_pause * attempt);
            }
        }
    }
}

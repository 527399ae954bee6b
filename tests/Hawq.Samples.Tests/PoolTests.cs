using WebApi;
using Xunit;

namespace Hawq.Samples.Tests;

/// <summary>The pool of the WebApi sample.</summary>
public sealed class PoolTests
{
    [Fact]
    public async Task One_more_than_size_waits_and_one_more_than_the_queue_is_refused()
    {
        int made = 0;
        using Pool<Thing> pool = new(2, 1, () => new Thing(++made));
        using Pool<Thing>.Lease first = (await pool.Rent(default))!;
        using Pool<Thing>.Lease second = (await pool.Rent(default))!;
        ValueTask<Pool<Thing>.Lease?> waiting = pool.Rent(default);

        Assert.False(waiting.IsCompleted);
        Assert.Null(await pool.Rent(default));
        first.Dispose();
        Assert.Same(first.Value, (await waiting)!.Value);
        Assert.Equal(2, made);
    }

    [Fact]
    public async Task Returned_twice_is_lent_once()
    {
        using Pool<Thing> pool = new(2, 0, () => new Thing(0));
        Pool<Thing>.Lease lease = (await pool.Rent(default))!;
        lease.Dispose();
        lease.Dispose();

        Assert.NotSame((await pool.Rent(default))!.Value, (await pool.Rent(default))!.Value);
        Assert.Null(await pool.Rent(default));
    }

    [Fact]
    public async Task A_caller_that_gives_up_leaves_its_place()
    {
        using Pool<Thing> pool = new(1, 1, () => new Thing(0));
        Pool<Thing>.Lease lease = (await pool.Rent(default))!;
        using CancellationTokenSource given = new();
        ValueTask<Pool<Thing>.Lease?> waiting = pool.Rent(given.Token);
        await given.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
        lease.Dispose();
        Assert.NotNull(await pool.Rent(default));
    }

    private sealed record Thing(int Number) : IDisposable
    {
        public void Dispose()
        {
        }
    }
}

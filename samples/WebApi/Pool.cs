using System.Collections.Concurrent;
using System.Threading.RateLimiting;

namespace WebApi;

/// <summary>Lends things that serve one caller at a time: at most <paramref name="size"/> are ever made, and at most <paramref name="queue"/> callers wait.</summary>
/// <param name="size">Number of things.</param>
/// <param name="queue">Number of waiting callers, served in the order of their coming.</param>
/// <param name="create">Makes one.</param>
internal sealed class Pool<T>(int size, int queue, Func<T> create) : IDisposable
    where T : IDisposable
{
    private readonly ConcurrencyLimiter _limiter = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = size, QueueLimit = queue, QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    private readonly ConcurrentBag<T> _free = [];

    /// <summary>Waits for a thing; null when too many callers wait already.</summary>
    /// <exception cref="OperationCanceledException">The caller no longer wants it.</exception>
    public async ValueTask<Lease?> Rent(CancellationToken cancellation)
    {
        RateLimitLease permit = await _limiter.AcquireAsync(1, cancellation);
        if (!permit.IsAcquired)
        {
            permit.Dispose();
            return null;
        }

        return new Lease(this, permit, _free.TryTake(out T? free) ? free : create());
    }

    /// <summary>Disposes of everything that is not lent.</summary>
    public void Dispose()
    {
        while (_free.TryTake(out T? free))
        {
            free.Dispose();
        }

        _limiter.Dispose();
    }

    /// <summary>A thing until <see cref="Dispose"/>, which gives it back.</summary>
    public sealed class Lease(Pool<T> pool, RateLimitLease permit, T value) : IDisposable
    {
        private bool _returned;

        /// <summary>The thing.</summary>
        public T Value => value;

        /// <inheritdoc/>
        public void Dispose()
        {
            if (!_returned)
            {
                _returned = true;
                pool._free.Add(value);
                permit.Dispose(); // only now: whoever waits finds the thing
            }
        }
    }
}

using System.Data.Common;

namespace Rx.Nats.Handling;

/// <summary>A checkpoint in a table of a database.</summary>
/// <remarks><b>Concurrency.</b> The owner id never changes, so saves in transactions of handlers and saves of the library can overlap.</remarks>
internal sealed class DbCheckpoint : ICheckpoint
{
    private readonly DbCheckpointStore _store;

    /// <summary>The greatest number that was saved. Written and read by calls of <see cref="SaveAsync(long, CancellationToken)"/>, which do not overlap, and
    /// read with acquire by others.</summary>
    private long _next;

    internal DbCheckpoint(DbCheckpointStore store, string name, string owner, long next)
    {
        _store = store;
        _next = next;
        Name = name;
        Owner = owner;
    }

    public long Next => Volatile.Read(ref _next);

    internal string Name { get; }

    internal string Owner { get; }

    public async ValueTask SaveAsync(long next, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(next, 1);
        if (next > Next)
        {
            await _store.SaveAsync(this, next, cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _next, next);
        }
    }

    internal Task SaveAsync(long next, DbTransaction transaction, CancellationToken cancellationToken) =>
        _store.SaveAsync(this, next, transaction.Connection!, transaction, cancellationToken);
}

using NATS.Client.Core;
using Rx.Nats.Handling;
using Rx.Nats.Server;

namespace Rx.Nats;

/// <summary>Keeps checkpoints in a key-value bucket of JetStream.</summary>
/// <remarks>
/// Each save is a compare-and-set on the server. After a process was killed, a handler repeats the events that it handled after the last save. To repeat none,
/// save the checkpoint in the same transaction as the handler's effect: <see cref="DbCheckpointStore"/>.
/// <para><b>Concurrency.</b> Any thread.</para>
/// </remarks>
public sealed class NatsCheckpointStore : ICheckpointStore
{
    private readonly KeyValueBucket _bucket;

    /// <summary>Creates a store. It sends no request to the server yet.</summary>
    /// <param name="connection">The connection to use. The caller keeps ownership.</param>
    /// <param name="bucket">The bucket's name: letters, digits, <c>-</c> and <c>_</c>. The bucket is created if it does not exist.</param>
    /// <exception cref="ArgumentNullException"><paramref name="connection"/> or <paramref name="bucket"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="bucket"/> is empty or contains another character.</exception>
    public NatsCheckpointStore(INatsConnection connection, string bucket = "rx-checkpoints")
    {
        ArgumentNullException.ThrowIfNull(connection);
        Names.ThrowIfInvalid(bucket, nameof(bucket));
        _bucket = new KeyValueBucket(connection, bucket);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty or contains another character.</exception>
    /// <exception cref="NatsEventStreamException">The server refuses the request, or the stored value is no checkpoint.</exception>
    /// <exception cref="NatsException">The server does not answer.</exception>
    public async ValueTask<ICheckpoint> OpenAsync(string name, CancellationToken cancellationToken)
    {
        Names.ThrowIfInvalidCheckpoint(name, nameof(name));
        return await KeyValueCheckpoint.OpenAsync(_bucket, name, cancellationToken).ConfigureAwait(false);
    }
}

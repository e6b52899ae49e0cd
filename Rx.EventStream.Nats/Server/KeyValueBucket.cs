using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.KeyValueStore;

namespace Rx.Nats.Server;

/// <summary>A key-value bucket that is created when it is first used. Writes are compare-and-set.</summary>
/// <remarks>
/// A transient failure is thrown as the client's exception; <see cref="StreamApi.IsTransient"/> recognizes it.
/// <para><b>Concurrency.</b> Any thread.</para>
/// </remarks>
internal sealed class KeyValueBucket
{
    private const int StreamNotFound = 10059;

    private readonly NatsKVContext _context;
    private readonly string _bucket;

    /// <summary>The store, or null before it is opened and after it was found missing. Written with release, read with acquire; two threads may open it at
    /// once, which does no harm.</summary>
    private INatsKVStore? _store;

    internal KeyValueBucket(INatsConnection connection, string bucket)
    {
        _context = new NatsKVContext(new NatsJSContext(connection));
        _bucket = bucket;
    }

    /// <summary>The value and the revision of a key, or null if there is none.</summary>
    internal async ValueTask<KeyValueEntry?> FindAsync(string key, CancellationToken cancellationToken)
    {
        INatsKVStore store = await OpenAsync(cancellationToken).ConfigureAwait(false);
        NatsResult<NatsKVEntry<byte[]>> result =
            await store.TryGetEntryAsync<byte[]>(key, serializer: NatsRawSerializer<byte[]>.Default, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result switch
        {
            { Success: true } => new KeyValueEntry(result.Value.Value ?? [], result.Value.Revision),
            { Error: NatsKVKeyNotFoundException } => null,
            { Error: NatsKVKeyDeletedException deleted } => new KeyValueEntry([], deleted.Revision),
            _ => throw Failed(result.Error),
        };
    }

    /// <summary>Writes the value of a key if the key has an expected revision. Null if it has another one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="revision">The expected revision, or 0 if the key must not exist.</param>
    /// <param name="cancellationToken">Cancels the call. The value may then be written or not.</param>
    /// <returns>The new revision.</returns>
    internal async ValueTask<ulong?> TryWriteAsync(string key, byte[] value, ulong revision, CancellationToken cancellationToken)
    {
        INatsKVStore store = await OpenAsync(cancellationToken).ConfigureAwait(false);
        NatsResult<ulong> result = await store.TryUpdateAsync(key, value, revision, NatsRawSerializer<byte[]>.Default, cancellationToken).ConfigureAwait(false);
        return result switch
        {
            { Success: true } => result.Value,
            { Error: NatsKVWrongLastRevisionException } => null,
            _ => throw Failed(result.Error),
        };
    }

    private async ValueTask<INatsKVStore> OpenAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _store) is { } known)
        {
            return known;
        }

        INatsKVStore store;
        try
        {
            store = await _context.GetStoreAsync(_bucket, cancellationToken).ConfigureAwait(false);
        }
        catch (NatsJSApiException error) when (error.Error.ErrCode == StreamNotFound)
        {
            store = await _context.CreateStoreAsync(new NatsKVConfig(_bucket), cancellationToken).ConfigureAwait(false);
        }

        Volatile.Write(ref _store, store);
        return store;
    }

    /// <summary>The exception to throw. If the bucket was deleted, the next call creates it again.</summary>
    private Exception Failed(Exception error)
    {
        if (error is NatsNoRespondersException or NatsJSPublishNoResponseException or NatsJSApiException { Error.ErrCode: StreamNotFound })
        {
            Volatile.Write(ref _store, null);
        }

        return error is NatsJSApiException api && !StreamApi.IsTransient(api) && api.Error.ErrCode != StreamNotFound
            ? new NatsEventStreamException($"The server refuses a request to key-value bucket '{_bucket}': {api.Error.Description}.", api)
            : error;
    }
}

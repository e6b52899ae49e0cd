using System.Diagnostics;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats.Reading;
using Rx.Nats.Server;

namespace Rx.Nats.KeyValue;

/// <summary>Reads a bucket: first a snapshot, then every later entry. After its consumer is lost, it reads another snapshot.</summary>
/// <remarks>
/// A bucket is a stream that keeps only the newest entries of each key, and whose markers of deletions can be removed. After an outage, a reader that goes on with the next
/// sequence number, as <see cref="ServerReader{T}"/> does, could therefore take superseded entries for a gap, and would keep a deleted key for ever if the
/// marker is gone as well. A new snapshot shows both: what changed, and what is no longer there.
/// <para>A snapshot is complete when a message says that no more are pending. The last revision before the consumer was created is not enough: a key
/// that changes while the snapshot is read is left out there, and comes later under its new revision. The server counts too many pending messages for
/// good if a key changes before its entry is sent, and sends some entries twice. From the last revision on, the reader therefore also compares the number of
/// keys that it has read with the number that the bucket has.</para>
/// <para><b>Concurrency.</b> One owner at a time.</para>
/// </remarks>
internal sealed class BucketReader : IAsyncDisposable
{
    private readonly StreamApi _api;
    private readonly string _bucket;
    private readonly NatsEventStreamOptions<byte[]> _options;

    /// <summary>Canceled to end all reading.</summary>
    private readonly CancellationToken _lifetime;

    private ConsumerSession<byte[]>? _session;

    /// <summary>When the bucket was created, or null before the first consumer. Another bucket with the same name has other revisions.</summary>
    private DateTimeOffset? _created;

    /// <summary>The highest revision that was read.</summary>
    private long _revision;

    /// <summary>The revision of the consumer's last message.</summary>
    private long _sent;

    /// <param name="api">The bucket's stream on the server.</param>
    /// <param name="bucket">The bucket's name.</param>
    /// <param name="lifetime">Canceled to end all reading.</param>
    internal BucketReader(StreamApi api, string bucket, CancellationToken lifetime)
    {
        _api = api;
        _bucket = bucket;
        _lifetime = lifetime;
        _options = new NatsEventStreamOptions<byte[]>(NatsRawSerializer<byte[]>.Default) { Stream = api.Stream, Subject = static _ => "" };
    }

    public ValueTask DisposeAsync() => LeaveAsync();

    /// <summary>Creates the first consumer.</summary>
    /// <exception cref="NatsEventStreamException">There is no such bucket, or the consumer cannot be created, and a retry would not help.</exception>
    internal async Task OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Before the consumer is created: the bucket's last revision is then certainly among what the consumer sends, or superseded.
            StreamInfo before = await _api.GetInfoAsync(cancellationToken).ConfigureAwait(false);
            ConsumerConfig config = ConsumerSettings.Make(filter: null, NatsStart.LastPerSubject, next: 0, isBySubject: true);
            _session = await ConsumerSession<byte[]>.CreateAsync(
                _api, _options, config, (long)before.State.LastSeq, _lifetime, cancellationToken).ConfigureAwait(false);

            // After it: a bucket that is recreated later takes the consumer with it.
            ThrowIfRecreated(await _api.GetInfoAsync(cancellationToken).ConfigureAwait(false));
            _sent = 0;
            _session.Start(jumpsAreNormal: true, omitsNewEvents: false);
        }
        catch (NatsEventStreamException error) when (StreamApi.IsStreamNotFound(error))
        {
            throw new NatsEventStreamException($"The server has no key-value bucket '{_bucket}'.", error);
        }
    }

    /// <summary>The newest entry of each key.</summary>
    /// <exception cref="NatsEventStreamException">Reading cannot continue, and a retry would not help.</exception>
    internal async Task<BucketSnapshot> ReadSnapshotAsync()
    {
        while (true)
        {
            if (_session is not { IsReading: true } session)
            {
                await ReopenAsync().ConfigureAwait(false);
                continue;
            }

            var entries = new List<BucketEntry>();
            var keys = new HashSet<string>(StringComparer.Ordinal);
            if (await TryReadSnapshotAsync(session, entries, keys).ConfigureAwait(false))
            {
                _revision = Math.Max(_revision, Math.Max(session.LastBefore, _sent));
                return new BucketSnapshot(entries, keys, _revision);
            }
        }
    }

    /// <summary>The next entry after a snapshot, or null if the consumer is lost and another snapshot must be read.</summary>
    /// <exception cref="NatsEventStreamException">Reading cannot continue, and a retry would not help.</exception>
    internal async ValueTask<BucketEntry?> ReadNextAsync()
    {
        Debug.Assert(_session is not null, "A snapshot comes first.");
        while (await MoveNextAsync(_session).ConfigureAwait(false) is { } arrival)
        {
            if (arrival.Entry is { } entry)
            {
                _revision = entry.Revision;
                return entry;
            }
        }

        return null;
    }

    /// <summary>Reads entries until each key has been read. False if the consumer is lost.</summary>
    private async ValueTask<bool> TryReadSnapshotAsync(ConsumerSession<byte[]> session, List<BucketEntry> entries, HashSet<string> keys)
    {
        long compareFrom = session.LastBefore;
        if (session.TryReportQuiet())
        {
            return true;
        }

        while (true)
        {
            if (!await session.WaitBrieflyAsync().ConfigureAwait(false))
            {
                // The rest was removed before the consumer came to it, so that no message says that it is the last one.
                if (await HasSentAllAsync(session).ConfigureAwait(false))
                {
                    return true;
                }

                continue;
            }

            if (await MoveNextAsync(session).ConfigureAwait(false) is not { } arrival)
            {
                return false;
            }

            if (arrival.Entry is { } entry)
            {
                entries.Add(entry);
                keys.Add(entry.Key);
            }

            if (arrival.Pending == 0)
            {
                return true;
            }

            if (_sent >= compareFrom)
            {
                if (await FindStateAsync().ConfigureAwait(false) is { } state)
                {
                    if (keys.Count >= state.NumSubjects)
                    {
                        return true;
                    }

                    compareFrom = (long)state.LastSeq;
                }
            }
        }
    }

    /// <summary>The next entry of a consumer, or none if it was sent before, with the number of later ones that the consumer has; null if the consumer is lost.</summary>
    private async ValueTask<(BucketEntry? Entry, ulong Pending)?> MoveNextAsync(ConsumerSession<byte[]> session)
    {
        INatsJSMsg<byte[]>? message = await session.MoveNextAsync().ConfigureAwait(false);
        if (message is null)
        {
            _lifetime.ThrowIfCancellationRequested();
            await session.EndAsync().ConfigureAwait(false);
            session.ThrowIfReadingIsDenied();
            return null;
        }

        if (!MessageMetadata.TryParse(message.ReplyTo, out MessageMetadata metadata))
        {
            throw new NatsEventStreamException(
                $"The server describes an entry of bucket '{_bucket}' in a form that this version does not know: '{message.ReplyTo}'.");
        }

        if (!session.IsNext(metadata))
        {
            await session.EndAsync().ConfigureAwait(false); // an entry before this one was lost
            return null;
        }

        session.Accept();
        if (metadata.Sequence <= _sent)
        {
            return (null, metadata.Pending);
        }

        _sent = metadata.Sequence;
        return (BucketEntry.From(message, _sent), metadata.Pending);
    }

    /// <summary>Whether every message that the consumer has sent has arrived. False also if the server does not answer.</summary>
    private async ValueTask<bool> HasSentAllAsync(ConsumerSession<byte[]> session)
    {
        try
        {
            return await session.FindPassedAsync(_lifetime).ConfigureAwait(false) is not null;
        }
        catch (Exception error) when (StreamApi.IsTransient(error) && !_lifetime.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>What the bucket contains now, or null if the server does not answer.</summary>
    private async ValueTask<StreamState?> FindStateAsync()
    {
        try
        {
            return (await _api.GetInfoAsync(_lifetime).ConfigureAwait(false)).State;
        }
        catch (Exception error) when (StreamApi.IsTransient(error) && !_lifetime.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task ReopenAsync()
    {
        var backoff = new Backoff();
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await LeaveAsync().ConfigureAwait(false);
                await OpenAsync(_lifetime).ConfigureAwait(false);
                return;
            }
            catch (Exception error) when ((StreamApi.IsTransient(error) || IsOwnConsumerInTheWay(error, start)) && !_lifetime.IsCancellationRequested)
            {
                await backoff.WaitAsync(_lifetime).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether the bucket allows no more consumers, possibly because the server has not deleted the reader's last one yet.</summary>
    private static bool IsOwnConsumerInTheWay(Exception error, long start) =>
        StreamApi.IsConsumerLimit(error) && Stopwatch.GetElapsedTime(start) < 2 * ConsumerSettings.InactiveThreshold;

    private async ValueTask LeaveAsync()
    {
        if (_session is { } session)
        {
            _session = null;
            await session.DisposeAsync().ConfigureAwait(false);
            await _api.DeleteConsumerAsync(session.Name).ConfigureAwait(false);
        }
    }

    private void ThrowIfRecreated(StreamInfo info)
    {
        if ((_created ??= info.Created) != info.Created || (long)info.State.LastSeq < _revision)
        {
            throw new NatsEventStreamException(
                $"Bucket '{_bucket}' ends with revision {info.State.LastSeq} and was read up to {_revision}: it was deleted and created again.");
        }
    }
}

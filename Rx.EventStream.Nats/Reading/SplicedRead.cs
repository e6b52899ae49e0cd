using System.Runtime.CompilerServices;
using Rx.Nats.Server;

namespace Rx.Nats.Reading;

/// <summary>Reads from a place on: from the server what the local stream does not hold, then the local stream.</summary>
/// <remarks>
/// The splice is a sequence: every event from there on is in the local reader, everything before comes from the server. A local reader holds
/// what it has not read, so it is opened only when little is left to read from the server.
/// </remarks>
internal sealed class SplicedRead<T>
{
    private readonly StreamApi _api;
    private readonly NatsEventStreamOptions<T> _options;
    private readonly EventStream<Sequenced<T>> _local;
    private readonly ServerReader<T> _feeder;
    private readonly ReadersAtWork<T> _atWork;
    private readonly NatsStart _start;

    /// <param name="api">The stream on the server.</param>
    /// <param name="options">How to read it.</param>
    /// <param name="local">The local stream.</param>
    /// <param name="feeder">What <paramref name="local"/> gets its events from: those before its place are, or were, there, or are about to be.</param>
    /// <param name="atWork">Where to enter a reader of the server.</param>
    /// <param name="start">Where to start.</param>
    internal SplicedRead(
        StreamApi api, NatsEventStreamOptions<T> options, EventStream<Sequenced<T>> local, ServerReader<T> feeder, ReadersAtWork<T> atWork, NatsStart start)
    {
        _api = api;
        _options = options;
        _local = local;
        _feeder = feeder;
        _atWork = atWork;
        _start = start;
    }

    internal async IAsyncEnumerable<Sequenced<T>> ReadAsync([EnumeratorCancellation] CancellationToken ct = default)
    {
        long next = _start.Sequence ?? 0;
        Splice<T>? splice = JoinAtOnce();
        try
        {
            if (splice is null)
            {
                var server = new ServerReader<T>(_api, _options, _start, ct);
                await using (server.ConfigureAwait(false))
                {
                    using IDisposable entry = _atWork.Enter(server);
                    while (true)
                    {
                        Arrival<T> arrival = await server.ReadAsync().ConfigureAwait(false);
                        if (splice is null && arrival.Pending <= (ulong)_options.Prefetch && server.HasStarted)
                        {
                            splice = TryJoin();
                        }

                        // What is read by subject is read to its end, or superseded events would come from the local stream.
                        long end = splice is null ? long.MaxValue : Math.Max(splice.At, server.WholeFrom);
                        if (arrival.IsEvent && arrival.Event.Sequence >= end)
                        {
                            next = Math.Max(next, end);
                            break;
                        }

                        if (arrival.IsEvent)
                        {
                            yield return arrival.Event;
                            next = arrival.Event.Sequence + 1;
                        }

                        if (server.Next >= end)
                        {
                            next = server.Next;
                            break;
                        }
                    }
                }
            }

            while (await splice!.Reader.WaitToReadAsync(ct).ConfigureAwait(false))
            {
                while (splice.Reader.TryRead(out Sequenced<T> e))
                {
                    if (e.Sequence >= next)
                    {
                        yield return e;
                        ct.ThrowIfCancellationRequested();
                    }
                }
            }
        }
        finally
        {
            splice?.Dispose();
        }
    }

    /// <summary>The splice, if nothing has to be read from the server.</summary>
    private Splice<T>? JoinAtOnce()
    {
        if (ReferenceEquals(_start, NatsStart.Now))
        {
            return new Splice<T>(Open(_local.GetNextPosition()), 0);
        }

        // What is ahead of the local stream may be ahead of the server's too: that one is to say.
        if (_start.Sequence is not { } sequence || sequence > _feeder.Next)
        {
            return null;
        }

        Splice<T>? splice = TryJoin();
        if (splice?.At <= sequence)
        {
            return splice;
        }

        splice?.Dispose();
        return null;
    }

    /// <summary>A splice, or null while the local stream waits for the time that it is to start at.</summary>
    private Splice<T>? TryJoin()
    {
        EventReader<Sequenced<T>> reader = Open(_local.GetOldestPosition());
        // The local stream's place is stored before an event is published, and loaded after a reader stands: what the reader has not, lies before it.
        long at = _feeder.Next;
        if (!_feeder.HasStarted)
        {
            reader.Dispose();
            return null;
        }

        if (reader.TryPeek(out Sequenced<T> first))
        {
            at = first.Sequence;
        }

        return new Splice<T>(reader, Math.Max(at, _feeder.WholeFrom));
    }

    /// <summary>A reader that gets everything: the local stream's policy is for those who subscribe to it.</summary>
    private static EventReader<Sequenced<T>> Open(EventPosition<Sequenced<T>> position) =>
        position.AsObservable().WithLagPolicy(LagPolicy.Unbounded).OpenReader();
}

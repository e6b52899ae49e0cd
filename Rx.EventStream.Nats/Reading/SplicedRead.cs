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
    private readonly Func<long> _localNext;
    private readonly NatsStart _start;

    /// <param name="api">The stream on the server.</param>
    /// <param name="options">How to read it.</param>
    /// <param name="local">The local stream.</param>
    /// <param name="localNext">The sequence before which all events are, or were, in <paramref name="local"/>, or are about to be.</param>
    /// <param name="start">Where to start.</param>
    internal SplicedRead(
        StreamApi api, NatsEventStreamOptions<T> options, EventStream<Sequenced<T>> local, Func<long> localNext, NatsStart start)
    {
        _api = api;
        _options = options;
        _local = local;
        _localNext = localNext;
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
                    while (true)
                    {
                        Arrival<T> arrival = await server.ReadAsync().ConfigureAwait(false);
                        if (splice is null && arrival.Pending <= (ulong)_options.Prefetch)
                        {
                            splice = Join();
                        }

                        // What is read by subject is read to its end, or superseded events would come from the local stream.
                        long end = splice is null ? long.MaxValue : Math.Max(splice.At, server.BySubjectUntil + 1);
                        if (arrival.IsEvent && arrival.Event.Sequence >= end)
                        {
                            next = Math.Max(next, end);
                            break;
                        }

                        if (arrival.IsEvent)
                        {
                            yield return arrival.Event;
                        }

                        next = Math.Max(server.Next, server.BySubjectUntil + 1);
                        if (server.Next >= end || (arrival.Pending == 0 && splice is not null && IsCovered(splice, server)))
                        {
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

    /// <summary>Whether all events before the splice were on the server when its consumer was made: then none is left once nothing is pending.
    /// Otherwise the last of them was seen here, so it will come from there too.</summary>
    private static bool IsCovered(Splice<T> splice, ServerReader<T> server) => splice.IsStart || splice.At <= server.BySubjectUntil + 1;

    /// <summary>The splice, if nothing has to be read from the server.</summary>
    private Splice<T>? JoinAtOnce()
    {
        if (ReferenceEquals(_start, NatsStart.Now))
        {
            return new Splice<T>(_local.Next.OpenReader(), 0, IsStart: false);
        }

        if (_start.Sequence is not { } sequence)
        {
            return null;
        }

        Splice<T> splice = Join();
        if (splice.At <= sequence)
        {
            return splice;
        }

        splice.Dispose();
        return null;
    }

    private Splice<T> Join()
    {
        EventReader<Sequenced<T>> reader = _local.Oldest.OpenReader();
        // The local stream's place is stored before an event is published, and loaded after a reader stands: what the reader has not, lies before it.
        long at = _localNext();
        return reader.TryPeek(out Sequenced<T> first)
            ? new Splice<T>(reader, first.Sequence, IsStart: false)
            : new Splice<T>(reader, at, IsStart: reader.Sequence == 0);
    }
}

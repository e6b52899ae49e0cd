using System.Runtime.CompilerServices;
using Rx.Nats.Server;

namespace Rx.Nats.Reading;

/// <summary>One read from a given start: first from the server, for the events that the local stream does not hold, then from the local stream.</summary>
/// <remarks>
/// The two parts meet at a sequence number: every event from there on is in the local reader, and every event before it comes from the server. A
/// local reader keeps alive what it has not read. It is therefore opened only when little is left to read from the server.
/// <para><b>Concurrency.</b> One enumeration at a time.</para>
/// </remarks>
internal sealed class CatchUpRead<T>
{
    private readonly StreamApi _api;
    private readonly NatsEventStreamOptions<T> _options;
    private readonly LocalFeed<T> _feed;
    private readonly OpenReaders<T> _openReaders;
    private readonly NatsStart _start;
    private readonly Action<long>? _onPassed;

    /// <summary>The wait for the next event of the local stream, if it goes on after news of another kind; otherwise null.</summary>
    private Task<bool>? _waiting;

    /// <param name="api">The stream on the server.</param>
    /// <param name="options">How to read it.</param>
    /// <param name="feed">The local stream, and how far it has come.</param>
    /// <param name="openReaders">Where to list a reader of the server.</param>
    /// <param name="start">Where to start.</param>
    /// <param name="onPassed">Called with a sequence number when every event up to it has been given out and the next one requested, or is not given out;
    /// or null.</param>
    internal CatchUpRead(
        StreamApi api, NatsEventStreamOptions<T> options, LocalFeed<T> feed, OpenReaders<T> openReaders, NatsStart start, Action<long>? onPassed = null)
    {
        _api = api;
        _options = options;
        _feed = feed;
        _openReaders = openReaders;
        _start = start;
        _onPassed = onPassed;
    }

    internal async IAsyncEnumerable<Sequenced<T>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        long next = _start.Sequence ?? 0;
        LocalJoin<T>? join = TryJoinAtOnce();
        try
        {
            if (join is null)
            {
                var server = new ServerReader<T>(_api, _options, _start, cancellationToken);
                await using (server.ConfigureAwait(false))
                {
                    using IDisposable entry = _openReaders.Add(server);
                    while (true)
                    {
                        Arrival<T> arrival = await server.ReadAsync().ConfigureAwait(false);
                        if (join is null && arrival.Pending <= (ulong)_options.Prefetch && server.Progress.HasStarted)
                        {
                            join = TryJoin();
                        }

                        // The newest events of each subject are read to their end, or the local stream would add superseded ones.
                        long end = join is null ? long.MaxValue : Math.Max(join.At, server.Progress.CompleteFrom);
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

                        _onPassed?.Invoke(server.Progress.Next - 1);

                        if (server.Progress.Next >= end)
                        {
                            next = server.Progress.Next;
                            break;
                        }
                    }
                }
            }

            bool isOpen = true;
            while (isOpen)
            {
                // In this order: the local reader has every event that the local stream had passed before, and the task completes if it passes more.
                Task quietPass = _feed.QuietPass;
                long passed = _feed.Passed.Reached;
                while (join!.Reader.TryRead(out Sequenced<T> e))
                {
                    if (e.Sequence >= next)
                    {
                        yield return e;
                        cancellationToken.ThrowIfCancellationRequested();
                    }
                }

                _onPassed?.Invoke(Math.Max(passed, next - 1));
                isOpen = await WaitToReadAsync(join.Reader, _onPassed is null ? null : quietPass, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            join?.Dispose();
        }
    }

    /// <summary>Waits for an event of the local stream. True also if the local stream has passed other events before; the wait then goes on with the next
    /// call.</summary>
    private async ValueTask<bool> WaitToReadAsync(EventReader<Sequenced<T>> reader, Task? quietPass, CancellationToken cancellationToken)
    {
        if (quietPass is null)
        {
            return await reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
        }

        _waiting ??= reader.WaitToReadAsync(cancellationToken).AsTask();
        if (await Task.WhenAny(_waiting, quietPass).ConfigureAwait(false) == quietPass)
        {
            return true;
        }

        Task<bool> waiting = _waiting;
        _waiting = null;
        return await waiting.ConfigureAwait(false);
    }

    /// <summary>Joins the local stream if nothing has to be read from the server; otherwise null.</summary>
    private LocalJoin<T>? TryJoinAtOnce()
    {
        if (ReferenceEquals(_start, NatsStart.Now))
        {
            return new LocalJoin<T>(Open(_feed.Local.GetNextPosition()), 0);
        }

        // A start beyond the local stream can be beyond the end of the server's stream too. Only the server can tell.
        if (_start.Sequence is not { } sequence || sequence > _feed.Progress.Next)
        {
            return null;
        }

        LocalJoin<T>? join = TryJoin();
        if (join?.At <= sequence)
        {
            return join;
        }

        join?.Dispose();
        return null;
    }

    /// <summary>Joins the local stream. Null while that stream waits for the time that it starts at.</summary>
    private LocalJoin<T>? TryJoin()
    {
        EventReader<Sequenced<T>> reader = Open(_feed.Local.GetOldestPosition());
        // After the reader is opened: see ReadProgress. Every event that the reader does not have lies before this number.
        long at = _feed.Progress.Next;
        if (!_feed.Progress.HasStarted)
        {
            reader.Dispose();
            return null;
        }

        if (reader.TryPeek(out Sequenced<T> first))
        {
            at = first.Sequence;
        }

        return new LocalJoin<T>(reader, Math.Max(at, _feed.Progress.CompleteFrom));
    }

    /// <summary>Opens a reader that gets every event: the local stream's lag policy applies only to its own subscribers.</summary>
    private static EventReader<Sequenced<T>> Open(EventPosition<Sequenced<T>> position) =>
        position.AsObservable().WithLagPolicy(LagPolicy.Unbounded).OpenReader();
}

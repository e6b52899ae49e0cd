using Rx.Nats.Reading;
using Rx.Nats.Server;

namespace Rx.Nats.Handling;

/// <summary>Reads the server's stream once for all partitions of a handler, and gives each event to its partition.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// It reads in passes. A pass serves the partitions that run when it begins, from the first event that one of them needs. When the partitions change, the next
/// pass begins. It reads some events again, and the partitions that have them leave them out.
/// <para><b>Concurrency.</b> One task runs it; <see cref="Advance"/> can be called from any thread.</para>
/// </remarks>
internal sealed class PartitionReader<T>(
    StreamApi api, NatsEventStreamOptions<T> streamOptions, NatsHandlerOptions<T> options, HandlerSignals signals, Func<IReadOnlyList<HandledPartition<T>>> partitions)
{
    /// <summary>How long to wait for more changes after one: partitions are opened and returned many at a time.</summary>
    private static readonly TimeSpan _changesPause = TimeSpan.FromMilliseconds(20);

    private readonly int _count = options.Partitions?.Count ?? 1;

    /// <summary>The pass that runs, or null. Written with release by the reading task, read with acquire.</summary>
    private Pass? _pass;

    /// <summary>Reads until it is canceled or cannot go on.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed = signals.WhenChanged(); // before the look at the partitions
            HandledPartition<T>[] running = [.. partitions().Where(partition => partition.IsRunning)];
            if (running.Length == 0)
            {
                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            using var superseded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task reading = ReadAsync(running, superseded.Token);
            await Task.WhenAny(reading, changed).ConfigureAwait(false);
            await superseded.CancelAsync().ConfigureAwait(false);
            try
            {
                await reading.ConfigureAwait(false);
            }
            catch (Exception) when (changed.IsCompleted || cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(_changesPause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Tells the partitions of the pass which events were read.</summary>
    internal void Advance()
    {
        if (Volatile.Read(ref _pass) is { } pass)
        {
            long readTo = pass.ReadTo;
            foreach (HandledPartition<T> partition in pass.Served)
            {
                partition.AdvanceTo(readTo);
            }
        }
    }

    private async Task ReadAsync(HandledPartition<T>[] running, CancellationToken superseded)
    {
        long from = running.Min(partition => partition.ReadTo);
        var pass = new Pass(running, from);
        var byNumber = new HandledPartition<T>?[_count];
        foreach (HandledPartition<T> partition in running)
        {
            byNumber[partition.Number] = partition;
        }

        Volatile.Write(ref _pass, pass);
        var reader = new ServerReader<T>(api, streamOptions, NatsStart.At(from), superseded, handsOutUnreadable: options.DeadLetterSubject is not null);
        try
        {
            while (true)
            {
                Arrival<T> arrival = await reader.ReadAsync().ConfigureAwait(false);
                if (arrival.IsEvent)
                {
                    NatsEvent<T> e = HandledPartition<T>.ToEvent(arrival);
                    e.Key = options.KeyOf(e);
                    if (byNumber[_count == 1 ? 0 : KeyHash.Partition(e.Key!, _count)] is { } partition)
                    {
                        await partition.PublishAsync(e, superseded).ConfigureAwait(false);
                    }
                }

                pass.ReadTo = arrival.IsEvent ? arrival.Metadata.Sequence + 1 : reader.Progress.Next;
                if (arrival.Pending == 0)
                {
                    Advance();
                    signals.OnProgress();
                }
            }
        }
        finally
        {
            Advance();
            Volatile.Write(ref _pass, null);
            await reader.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <param name="Served">The partitions that the pass serves.</param>
    /// <param name="From">The sequence number from which on it reads.</param>
    private sealed record Pass(HandledPartition<T>[] Served, long From)
    {
        private long _readTo = From;

        /// <summary>The place before which each served partition was given its events. Written with release by the reading task after that, read with
        /// acquire.</summary>
        internal long ReadTo
        {
            get => Volatile.Read(ref _readTo);
            set => Volatile.Write(ref _readTo, value);
        }
    }
}

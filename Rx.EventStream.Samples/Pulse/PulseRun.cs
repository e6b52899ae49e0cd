using System.Collections.Concurrent;
using System.Reactive.Concurrency;
using System.Reactive.Linq;

namespace Rx.Samples.Pulse;

/// <summary>One run, from the first event to the summary.</summary>
internal sealed class PulseRun(int seconds, string folder, bool isKept)
{
    /// <summary>How long slow subscribers keep their pace after publishing has ended. They usually catch up in a second or two.</summary>
    private static readonly TimeSpan _gracePeriod = TimeSpan.FromSeconds(3);

    /// <summary>A subscriber that has not caught up after this time is stuck.</summary>
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(30);

    /// <summary>How long the display takes to show an event. At this pace it gets a few percent of the events.</summary>
    private static readonly TimeSpan _redraw = TimeSpan.FromMilliseconds(100);

    /// <summary>How long the slow connection takes to send an event. At this pace it gets about a third of the events.</summary>
    private static readonly TimeSpan _transmission = TimeSpan.FromMilliseconds(10);

    private readonly LatestValues _latest = new();
    private readonly ConcurrentDictionary<string, MeasureStatistics> _statistics = new();
    private readonly Fingerprint _receivedLate = new();

    /// <returns>The exit code: 0 if all checks passed, otherwise 1.</returns>
    public async Task<int> RunAsync(CancellationToken interrupted)
    {
        using var stream = new EventStream<PulseEvent>(new EventStreamOptions { Name = "pulse" });
        using var screen = new EventLoopScheduler(start => new Thread(start) { Name = "gauge", IsBackground = true });
        using var journal = new Journal(Path.Combine(folder, "pulse.jsonl"));
        var display = new SlowDevice(_redraw);
        var connection = new SlowDevice(_transmission);

        Subscriber table = new("table", "thread pool", LagPolicy.Unbounded, stream);
        Subscriber slow = new("journal", "thread pool", LagPolicy.Unbounded, stream);
        Subscriber statistics = new("statistics", "thread pool", LagPolicy.Unbounded, stream);
        Subscriber gauge = new("gauge", "event loop", LagPolicy.Latest, stream);
        Subscriber uplink = new("uplink", "thread pool", LagPolicy.DropOldest(50), stream);
        Subscriber late = new("late joiner", "own thread", LagPolicy.Unbounded, stream);

        // Each subscriber selects its scheduler. Its events wait in the stream until it is ready for them.
        stream.AsObservable().ObserveOn(TaskPoolScheduler.Default).WithName(table.Name)
            .Do(_latest.Update)
            .Subscribe(table);

        // A handler: its next call begins when the previous one has returned.
        stream.WithName(slow.Name).SubscribeAwait(
            async (value, _) =>
            {
                await journal.AppendAsync(value);
                slow.OnNext(value);
            },
            new() { OnCompleted = slow.OnCompleted, OnError = slow.OnError });

        stream.AsObservable().ObserveOn(TaskPoolScheduler.Default).WithName(statistics.Name)
            .Where(e => double.IsFinite(e.Value))
            .GroupBy(e => e.Name)
            .SelectMany(e => e.Scan(MeasureStatistics.None(e.Key), (measured, next) => measured.With(next.Value)))
            .Do(measured => _statistics[measured.Name] = measured)
            .Subscribe(statistics);

        // These cannot keep up and do not need old events. The events that they miss show as gaps in the sequence numbers.
        stream.AsObservable().ObserveOn(screen).WithLagPolicy(gauge.Policy).WithName(gauge.Name).WithSequence()
            .Do(display.Handle)
            .Select(e => e.Value)
            .Subscribe(gauge);

        stream.WithLagPolicy(uplink.Policy).WithName(uplink.Name).SubscribeAwait(
            async (value, _) =>
            {
                await connection.HandleAsync(uplink.Sequence);
                uplink.OnNext(value);
            },
            new() { OnCompleted = uplink.OnCompleted, OnError = uplink.OnError });

        // A subscriber that joins at this position later gets all events from here on.
        EventPosition<PulseEvent>? start = stream.GetNextPosition();
        long startSequence = start.Sequence;

        Producer[] producers = [new RuntimeProducer(stream), new SystemProducer(stream), new FolderProducer(folder, stream)];
        Subscriber[] subscribers = [table, slow, statistics, gauge, uplink, late];
        var state = new PulseState(seconds, _latest, producers, subscribers);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task view = Terminal.IsScreen ? LiveView.ShowAsync(state, done.Task) : PlainView.ShowAsync(state, done.Task);
        TimeSpan ran;
        string? stuck;
        try
        {
            foreach (Producer producer in producers)
            {
                producer.Start();
            }

            await WaitAsync(TimeSpan.FromSeconds(seconds / 2.0), interrupted);

            start.AsObservable().ObserveOn(NewThreadScheduler.Default).WithName(late.Name)
                .Do(_receivedLate.Add)
                .Subscribe(late);
            start = null; // A held position keeps its events in memory. Now the late joiner's subscription does.

            await WaitAsync(TimeSpan.FromSeconds(seconds) - state.Elapsed, interrupted);
        }
        finally
        {
            foreach (Producer producer in producers)
            {
                producer.Dispose();
            }

            ran = state.Elapsed;
            state.IsCatchingUp = true;
            stream.OnCompleted();
            stuck = await WhenCaughtUpAsync(subscribers, journal.SkipPauses, display.SkipDelays, connection.SkipDelays);
            done.SetResult();
            await view;
        }

        journal.Dispose();
        long published = stream.NextSequence;
        List<Check> checks =
        [
            new Check("every subscriber has caught up", stuck),
            .. CheckDelivery(state, published, startSequence, late, journal),
            CheckDrops(published, (gauge, display), (uplink, connection)),
        ];
        Summary.Print(state, ran, interrupted.IsCancellationRequested, [.. _statistics.Values], checks);
        if (isKept)
        {
            Console.WriteLine($"The journal is in {journal.Path}");
        }

        return checks.All(c => c.IsPassed) ? 0 : 1;
    }

    private static async Task WaitAsync(TimeSpan time, CancellationToken interrupted)
    {
        if (time > TimeSpan.Zero)
        {
            await Task.Delay(time, interrupted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits until every subscriber has handled all events.</summary>
    /// <returns>What went wrong, or null.</returns>
    private static async Task<string?> WhenCaughtUpAsync(IEnumerable<Subscriber> subscribers, params Action[] skipDelays)
    {
        try
        {
            Task all = Task.WhenAll(subscribers.Where(s => s.HasJoined).Select(s => s.Completion));
            await Task.WhenAny(all, Task.Delay(_gracePeriod));
            Array.ForEach(skipDelays, skip => skip());
            await all.WaitAsync(_timeout);
            return null;
        }
        catch (Exception error)
        {
            return error.Message;
        }
    }

    private IEnumerable<Check> CheckDelivery(PulseState state, long published, long start, Subscriber late, Journal journal)
    {
        yield return Check.Equal("the stream has all events that the producers published", published, state.Published);
        Subscriber[] complete = [.. state.Subscribers.Where(s => s.MissesNothing)];
        yield return new Check(
            $"every event reached {string.Join(", ", complete.Select(s => s.Name))}",
            Describe(complete.Where(s => s.Delivered != published || s.Dropped != 0)));
        yield return new Check(
            $"the late joiner received exactly the events after its position, from sequence number {start:N0} on",
            late.First == start && _receivedLate.Count == published - start && _receivedLate.IsSameAs(journal.Written)
                ? null
                : $"it received {_receivedLate.Count:N0} events from {late.First:N0} on, not the {published - start:N0} that the journal received");
        yield return new Check("the journal has a line for every event", ReadBack(journal, published));
    }

    /// <summary>For subscribers that may miss events: the dropped count must equal the events that are missing.</summary>
    private static Check CheckDrops(long published, params (Subscriber Subscriber, SlowDevice Device)[] lossy)
    {
        string names = string.Join(" and ", lossy.Select(l => l.Subscriber.Name));
        IEnumerable<string> failures = lossy
            .Where(l => l.Subscriber.Delivered + l.Subscriber.Dropped != published
                || l.Device.Handled != l.Subscriber.Delivered
                || l.Device.Missed != l.Subscriber.Dropped)
            .Select(l => $"{l.Subscriber.Name} delivered {l.Subscriber.Delivered:N0} and dropped {l.Subscriber.Dropped:N0} of {published:N0}, "
                + $"but received {l.Device.Handled:N0} with gaps of {l.Device.Missed:N0}");
        string text = string.Join("; ", failures);
        return new Check($"{names} have gaps of exactly the dropped events; all others were delivered", text.Length == 0 ? null : text);
    }

    private static string? Describe(IEnumerable<Subscriber> incomplete)
    {
        string text = string.Join(", ", incomplete.Select(s => $"{s.Name} got {s.Delivered:N0}"));
        return text.Length == 0 ? null : text;
    }

    private static string? ReadBack(Journal journal, long published)
    {
        try
        {
            Fingerprint file = journal.ReadBack();
            return file.Count == published && file.IsSameAs(journal.Written)
                ? null
                : $"{file.Count:N0} lines, not the {published:N0} events in their order";
        }
        catch (Exception error) when (error is IOException or InvalidDataException or System.Text.Json.JsonException)
        {
            return error.Message;
        }
    }
}

using System.Collections.Concurrent;
using System.Reactive.Concurrency;
using System.Reactive.Linq;

namespace Rx.Samples.Pulse;

/// <summary>One run from the first event to the summary.</summary>
internal sealed class PulseRun(int seconds, string folder, bool isKept)
{
    /// <summary>How long the slow ones may take their time when publishing is over; a second or two is usual.</summary>
    private static readonly TimeSpan _leisure = TimeSpan.FromSeconds(3);

    /// <summary>Who has not caught up after this never will.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    /// <summary>How long a display takes to show an event: it gets a few in a hundred.</summary>
    private static readonly TimeSpan _redraw = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a thin line takes to send an event: it gets about a third.</summary>
    private static readonly TimeSpan _transmission = TimeSpan.FromMilliseconds(10);

    private readonly Board _board = new();
    private readonly ConcurrentDictionary<string, Extent> _extents = new();
    private readonly Fingerprint _seenLate = new();

    /// <returns>0 when all figures agree, 1 when they do not.</returns>
    public async Task<int> RunAsync(CancellationToken interrupted)
    {
        using var stream = new EventStream<PulseEvent>(new EventStreamOptions { Name = "pulse" });
        using EventLoopScheduler disk = NewEventLoop("journal");
        using EventLoopScheduler screen = NewEventLoop("gauge");
        using EventLoopScheduler network = NewEventLoop("uplink");
        using var journal = new Journal(Path.Combine(folder, "pulse.jsonl"));
        using var display = new SlowDevice(_redraw);
        using var line = new SlowDevice(_transmission);

        Subscriber table = new("table", "thread pool", LagPolicy.Unbounded, stream);
        Subscriber slow = new("journal", "event loop", LagPolicy.Unbounded, stream);
        Subscriber statistics = new("statistics", "thread pool", LagPolicy.Unbounded, stream);
        Subscriber gauge = new("gauge", "event loop", LagPolicy.Latest, stream);
        Subscriber uplink = new("uplink", "event loop", LagPolicy.DropOldest(50), stream);
        Subscriber late = new("late joiner", "own thread", LagPolicy.Unbounded, stream);

        // Each subscriber names its scheduler, and its events wait in the stream until it comes for them.
        stream.AsObservable().ObserveOn(TaskPoolScheduler.Default).WithName(table.Name)
            .Do(_board.Show)
            .Subscribe(table);

        stream.AsObservable().ObserveOn(disk).WithName(slow.Name)
            .Do(journal.Append)
            .Subscribe(slow);

        stream.AsObservable().ObserveOn(TaskPoolScheduler.Default).WithName(statistics.Name)
            .Where(e => double.IsFinite(e.Value))
            .GroupBy(e => e.Name)
            .SelectMany(e => e.Scan(Extent.None(e.Key), (extent, next) => extent.With(next.Value)))
            .Do(extent => _extents[extent.Name] = extent)
            .Subscribe(statistics);

        // These cannot keep up, and old events are of no use to them; what they miss is a gap in the sequences.
        stream.AsObservable().ObserveOn(screen).WithLagPolicy(gauge.Policy).WithName(gauge.Name).WithSequence()
            .Do(display.Handle)
            .Select(e => e.Value)
            .Subscribe(gauge);

        stream.AsObservable().ObserveOn(network).WithLagPolicy(uplink.Policy).WithName(uplink.Name).WithSequence()
            .Do(line.Handle)
            .Select(e => e.Value)
            .Subscribe(uplink);

        // Whoever joins at this position, however late, gets what was published from now on.
        EventPosition<PulseEvent>? start = stream.GetNextPosition();
        long startSequence = start.Sequence;

        Producer[] producers = [new RuntimeProducer(stream), new SystemProducer(stream), new FolderProducer(folder, stream)];
        Subscriber[] subscribers = [table, slow, statistics, gauge, uplink, late];
        var state = new PulseState(seconds, _board, producers, subscribers);
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
                .Do(_seenLate.Add)
                .Subscribe(late);
            start = null; // A held position keeps its events in memory; now the late joiner has them.

            await WaitAsync(TimeSpan.FromSeconds(seconds) - state.Elapsed, interrupted);
        }
        finally
        {
            foreach (Producer producer in producers)
            {
                producer.Dispose();
            }

            ran = state.Elapsed;
            state.IsDraining = true;
            stream.OnCompleted();
            stuck = await WhenCaughtUpAsync(subscribers, journal.Hurry, display.Hurry, line.Hurry);
            done.SetResult();
            await view;
        }

        journal.Dispose();
        long published = stream.GetNextPosition().Sequence;
        List<Check> checks =
        [
            new Check("every subscriber has caught up", stuck),
            .. CheckFigures(state, published, startSequence, late, journal),
            CheckDrops(published, (gauge, display), (uplink, line)),
        ];
        Summary.Print(state, ran, interrupted.IsCancellationRequested, [.. _extents.Values], checks);
        if (isKept)
        {
            Console.WriteLine($"The journal is in {journal.Path}");
        }

        return checks.All(c => c.IsPassed) ? 0 : 1;
    }

    private static EventLoopScheduler NewEventLoop(string name) =>
        new(start => new Thread(start) { Name = name, IsBackground = true });

    private static async Task WaitAsync(TimeSpan time, CancellationToken interrupted)
    {
        if (time > TimeSpan.Zero)
        {
            await Task.Delay(time, interrupted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits until every subscriber has handled all events; tells what went wrong if one does not.</summary>
    private static async Task<string?> WhenCaughtUpAsync(IEnumerable<Subscriber> subscribers, params Action[] hurry)
    {
        try
        {
            Task all = Task.WhenAll(subscribers.Where(s => s.HasJoined).Select(s => s.Completion));
            await Task.WhenAny(all, Task.Delay(_leisure));
            Array.ForEach(hurry, h => h());
            await all.WaitAsync(_patience);
            return null;
        }
        catch (Exception error)
        {
            return error.Message;
        }
    }

    private IEnumerable<Check> CheckFigures(PulseState state, long published, long start, Subscriber late, Journal journal)
    {
        yield return Check.Equal("the stream has what the producers published", published, state.Published);
        Subscriber[] complete = [.. state.Subscribers.Where(s => s.MissesNothing)];
        yield return new Check(
            $"every event reached {string.Join(", ", complete.Select(s => s.Name))}",
            Describe(complete.Where(s => s.Delivered != published || s.Dropped != 0)));
        yield return new Check(
            $"the late joiner saw exactly what follows its position, sequence {start:N0}",
            late.First == start && _seenLate.Count == published - start && _seenLate.IsSameAs(journal.Told)
                ? null
                : $"it saw {_seenLate.Count:N0} events from {late.First:N0} on, not the {published - start:N0} that the journal saw");
        yield return new Check("the journal has every line", ReadBack(journal, published));
    }

    /// <summary>Who may miss events: nothing is lost without being counted, and nothing is counted that was not missed.</summary>
    private static Check CheckDrops(long published, params (Subscriber Subscriber, SlowDevice Device)[] laggards)
    {
        string names = string.Join(" and ", laggards.Select(l => l.Subscriber.Name));
        IEnumerable<string> objections = laggards
            .Where(l => l.Subscriber.Delivered + l.Subscriber.Dropped != published
                || l.Device.Given != l.Subscriber.Delivered
                || l.Device.Missed != l.Subscriber.Dropped)
            .Select(l => $"{l.Subscriber.Name} delivered {l.Subscriber.Delivered:N0} and dropped {l.Subscriber.Dropped:N0} of {published:N0}, "
                + $"but saw {l.Device.Given:N0} and gaps of {l.Device.Missed:N0}");
        string text = string.Join("; ", objections);
        return new Check($"{names} saw gaps of just what was dropped; the rest was delivered", text.Length == 0 ? null : text);
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
            return file.Count == published && file.IsSameAs(journal.Told)
                ? null
                : $"{file.Count:N0} lines, not the {published:N0} events in their order";
        }
        catch (Exception error) when (error is IOException or InvalidDataException or System.Text.Json.JsonException)
        {
            return error.Message;
        }
    }
}

using System.Diagnostics;
using System.Reactive.Subjects;
using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Work;

namespace Rx.Benchmarks.Scenarios;

/// <summary>Several threads that publish as fast as they can, faster than the observer on them: what an event takes, and the longest call of
/// <c>OnNext</c>.</summary>
internal static class ContendedScenarios
{
    private const int Events = 100_000;

    public static IReadOnlyList<Scenario> All { get; } = [Contended(2), Contended(4)];

    private static Scenario Contended(int publishers) => new(
        Events,
        [
            new Figure(
                $"contended-{publishers}",
                $"{publishers} publishing threads, an observer of 1 µs on them",
                Quantity.Time,
                Peers.Synchronized,
                new Limits(1.0, null)),
            new Figure($"contended-{publishers}-longest", "the longest OnNext of any of them", Quantity.TailTime, Peers.Synchronized, new Limits(10.0, null)),
        ],
        [
            new Contender(Contender.MultiWriter, events =>
            {
                var options = new EventStreamOptions();
                var stream = new EventStream<int>(options);
                var observer = new BusyObserver(() => stream.NextSequence);
                stream.Subscribe(observer);
                Sample sample = Publish(new StreamTarget<int>(stream), publishers, events, observer);
                if (observer.GreatestBacklog > options.MaxInlineBacklog + publishers)
                {
                    throw new InvalidOperationException(
                        $"{observer.GreatestBacklog} events waited at once, with MaxInlineBacklog = {options.MaxInlineBacklog} and {publishers} publishers.");
                }

                stream.Dispose();
                return sample;
            }),
            new Contender(Peers.Synchronized, events =>
            {
                ISubject<int, int> subject = Subject.Synchronize(new Subject<int>());
                var observer = new BusyObserver(static () => 0);
                subject.Subscribe(observer);
                return Publish(new SynchronizedTarget<int>(subject), publishers, events, observer);
            }),
        ]);

    private static Sample Publish<TTarget>(TTarget target, int publishers, int events, BusyObserver observer)
        where TTarget : struct, ITarget<int>
    {
        long[] longest = new long[publishers];
        using var start = new Barrier(publishers + 1);
        Thread[] threads =
        [
            .. Enumerable.Range(0, publishers).Select(index => new Thread(() =>
            {
                start.SignalAndWait();
                longest[index] = PublishTimed(target, events / publishers);
            })),
        ];
        Array.ForEach(threads, static thread => thread.Start());
        start.SignalAndWait();
        long began = Stopwatch.GetTimestamp();
        Array.ForEach(threads, static thread => thread.Join());
        double nanoseconds = Stopwatch.GetElapsedTime(began).TotalNanoseconds;
        return observer.Count == events
            ? new Sample(nanoseconds / events, 0, Stopwatch.GetElapsedTime(0, longest.Max()).TotalNanoseconds)
            : throw new InvalidOperationException($"The observer has {observer.Count} of {events} events.");
    }

    /// <summary>Publishes, and returns the longest call in ticks.</summary>
    private static long PublishTimed<TTarget>(TTarget target, int count)
        where TTarget : struct, ITarget<int>
    {
        long longest = 0;
        long before = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
        {
            target.Publish(i);
            long after = Stopwatch.GetTimestamp();
            longest = Math.Max(longest, after - before);
            before = after;
        }

        return longest;
    }
}

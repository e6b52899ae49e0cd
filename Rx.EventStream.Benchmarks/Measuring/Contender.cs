using System.Diagnostics;

namespace Rx.Benchmarks.Measuring;

/// <summary>One way to do a scenario's work.</summary>
/// <param name="Name">Who does it.</param>
/// <param name="Measure">Does so many operations, and says what they took.</param>
internal sealed record Contender(string Name, Func<int, Sample> Measure)
{
    internal const string MultiWriter = "EventStream";
    internal const string SingleWriter = "EventStream, single writer";
    internal const string Shared = "NatsEventStream";

    /// <summary>Makes the work ready, so that distributions can be taken of it; null for what is no plain timing.</summary>
    public Func<int, Session>? Prepare { get; private init; }

    /// <summary>Makes the contender ready to publish the time to an observer, once for each run of its session; null unless it is <see cref="Waking"/>.</summary>
    public Func<IObserver<long>, Session>? PrepareWaking { get; private init; }

    public bool IsOurs => Name is MultiWriter or SingleWriter or Shared;

    /// <summary>A contender whose work is timed from beginning to end, without what makes it ready.</summary>
    public static Contender Timed(string name, Func<int, Session> prepare) =>
        new(name, operations => Time(prepare(operations), operations)) { Prepare = prepare };

    /// <inheritdoc cref="Timed(string, Func{int, Session})"/>
    public static Contender Timed(string name, Func<int, Task<Session>> prepare) => Timed(name, operations => prepare(operations).GetAwaiter().GetResult());

    /// <summary>A contender that wakes an idle observer, again and again. Where all are, they do it by turns.</summary>
    public static Contender Waking(string name, Func<IObserver<long>, Session> prepare) =>
        new(name, count => Latencies.Measure([prepare], count, Random.Shared)[0]) { PrepareWaking = prepare };

    public override string ToString() => Name;

    private static Sample Time(Session session, int operations)
    {
        // Nobody pays for the garbage of the contender before.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long start = Stopwatch.GetTimestamp();
        session.Run();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        session.Close?.Invoke();
        return new Sample(elapsed.TotalNanoseconds / operations, (double)allocated / operations);
    }
}

using System.Diagnostics;

namespace Rx.Benchmarks.Measuring;

/// <summary>A library, or a mode of one, that does the work of a scenario.</summary>
/// <param name="Name">The name in the tables.</param>
/// <param name="Measure">Runs that many operations, and returns what one of them takes.</param>
internal sealed record Contender(string Name, Func<int, Sample> Measure)
{
    internal const string MultiWriter = "EventStream";
    internal const string SingleWriter = "EventStream, single writer";
    internal const string Shared = "NatsEventStream";

    /// <summary>Prepares the work for BenchmarkDotNet; null if the contender is not simply timed.</summary>
    public Func<int, Session>? Prepare { get; private init; }

    /// <summary>Prepares the contender to publish the time to an observer, once for each run; null unless it is <see cref="Waking"/>.</summary>
    public Func<IObserver<long>, Session>? PrepareWaking { get; private init; }

    public bool IsOurs => Name is MultiWriter or SingleWriter or Shared;

    /// <summary>A contender whose work is timed from start to end, without its preparation.</summary>
    public static Contender Timed(string name, Func<int, Session> prepare) =>
        new(name, operations => TimeClean(prepare(operations), operations)) { Prepare = prepare };

    /// <inheritdoc cref="Timed(string, Func{int, Session})"/>
    public static Contender Timed(string name, Func<int, Task<Session>> prepare) => Timed(name, operations => prepare(operations).GetAwaiter().GetResult());

    /// <summary>A contender that wakes an idle observer repeatedly. If all contenders of a scenario do, they take turns at each event.</summary>
    public static Contender Waking(string name, Func<IObserver<long>, Session> prepare) =>
        new(name, count => Latencies.Measure([prepare], count, Random.Shared)[0]) { PrepareWaking = prepare };

    /// <summary>A contender that wakes an observer whose thread never sleeps. Each has the processors for itself.</summary>
    public static Contender Spinning(string name, Func<IObserver<long>, Session> prepare) =>
        new(name, count => Latencies.Measure([prepare], count, Random.Shared)[0]);

    /// <summary>This contender, measured as <see cref="YoungProcess"/> does.</summary>
    public Contender InYoungProcess(string scenario) => this with { Measure = _ => YoungProcess.Measure(scenario, Name) };

    public override string ToString() => Name;

    /// <summary>Runs prepared work, and closes it.</summary>
    public static Sample Time(Session session, int operations)
    {
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long start = Stopwatch.GetTimestamp();
        session.Run();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        session.Close?.Invoke();
        return new Sample(elapsed.TotalNanoseconds / operations, (double)allocated / operations);
    }

    private static Sample TimeClean(Session session, int operations)
    {
        // No contender pays for the garbage of the previous one.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return Time(session, operations);
    }
}

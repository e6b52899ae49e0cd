using System.Diagnostics;

namespace Rx.Benchmarks.Measuring;

/// <summary>How long single events take to reach an observer, when all threads have been idle for a millisecond.</summary>
internal sealed class Latencies : IObserver<long>
{
    private readonly AutoResetEvent _arrived = new(false);

    /// <summary>The latency of the last event, in nanoseconds. Written by the observer, read after <see cref="_arrived"/> is set.</summary>
    private double _taken;

    /// <summary>Lets the contenders publish one event each in turn, that many times.</summary>
    /// <param name="contenders">Each prepares to publish the time to an observer.</param>
    /// <param name="count">How many events each of them publishes.</param>
    /// <param name="random">Shuffles the order of the contenders for each event.</param>
    /// <returns>The median and the 99th percentile of each contender.</returns>
    public static IReadOnlyList<Sample> Measure(IReadOnlyList<Func<IObserver<long>, Session>> contenders, int count, Random random)
    {
        var latencies = new Latencies();
        Session[] sessions = [.. contenders.Select(prepare => prepare(latencies))];
        List<double>[] taken = [.. contenders.Select(_ => new List<double>(count))];
        int[] order = [.. Enumerable.Range(0, sessions.Length)];
        for (int i = 0; i < count; i++)
        {
            random.Shuffle(order);
            foreach (int contender in order)
            {
                taken[contender].Add(latencies.Take(sessions[contender]));
            }
        }

        Array.ForEach(sessions, static session => session.Close?.Invoke());
        return [.. taken.Select(static t => SampleOf([.. t.Order()]))];
    }

    void IObserver<long>.OnNext(long published)
    {
        _taken = Stopwatch.GetElapsedTime(published).TotalNanoseconds;
        _arrived.Set();
    }

    void IObserver<long>.OnError(Exception error) => throw error;

    void IObserver<long>.OnCompleted()
    {
    }

    private static Sample SampleOf(double[] sorted) => new(sorted[sorted.Length / 2], 0, sorted[sorted.Length * 99 / 100]);

    private double Take(Session session)
    {
        Thread.Sleep(1);
        session.Run();
        _arrived.WaitOne();
        return _taken;
    }
}

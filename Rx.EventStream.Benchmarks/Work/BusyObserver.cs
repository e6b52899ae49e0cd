using System.Diagnostics;

namespace Rx.Benchmarks.Work;

/// <summary>An observer that works for a microsecond at each event.</summary>
/// <param name="published">How many events were published so far.</param>
internal sealed class BusyObserver(Func<long> published) : IObserver<int>
{
    private static readonly long _work = Stopwatch.Frequency / 1_000_000;

    public int Count { get; private set; }

    /// <summary>The most events that were published and not yet delivered.</summary>
    public long GreatestBacklog { get; private set; }

    public void OnNext(int value)
    {
        long end = Stopwatch.GetTimestamp() + _work;
        GreatestBacklog = Math.Max(GreatestBacklog, published() - Count);
        Count++;
        while (Stopwatch.GetTimestamp() < end)
        {
            // works
        }
    }

    public void OnError(Exception error)
    {
    }

    public void OnCompleted()
    {
    }
}

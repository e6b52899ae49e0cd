using System.Reactive.Disposables;

namespace Rx.Benchmarks.Work;

/// <summary>Gives each observer what is in an array, and does nothing else.</summary>
internal sealed class WalkedArray(int[] values) : IObservable<int>
{
    /// <summary>Walked in runs, so that the compiler soon sees the walk often.</summary>
    private const int RunLength = 1000;

    public IDisposable Subscribe(IObserver<int> observer)
    {
        for (int start = 0; start < values.Length; start += RunLength)
        {
            Walk(values.AsSpan(start, Math.Min(RunLength, values.Length - start)), observer);
        }

        return Disposable.Empty;
    }

    private static void Walk(ReadOnlySpan<int> run, IObserver<int> observer)
    {
        foreach (int value in run)
        {
            observer.OnNext(value);
        }
    }
}

using System.Reactive.Disposables;

namespace Rx.Benchmarks.Work;

/// <summary>Calls each observer with the values of an array.</summary>
internal sealed class WalkedArray(int[] values) : IObservable<int>
{
    /// <summary>The array is walked in runs, so that the method is called often and soon compiled with optimizations.</summary>
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

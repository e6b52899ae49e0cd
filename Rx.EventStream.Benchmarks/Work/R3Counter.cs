using R3;

namespace Rx.Benchmarks.Work;

/// <summary>A <see cref="Counter"/> for R3, which has an observer class instead of an interface.</summary>
internal sealed class R3Counter(Counter counter) : Observer<int>
{
    protected override void OnNextCore(int value) => counter.OnNext(value);

    protected override void OnErrorResumeCore(Exception error) => counter.OnError(error);

    protected override void OnCompletedCore(Result result)
    {
    }
}

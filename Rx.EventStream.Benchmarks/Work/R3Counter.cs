using R3;

namespace Rx.Benchmarks.Work;

/// <summary>The <see cref="Counter"/> of R3, whose observers are classes of its own.</summary>
internal sealed class R3Counter(Counter counter) : Observer<int>
{
    protected override void OnNextCore(int value) => counter.OnNext(value);

    protected override void OnErrorResumeCore(Exception error) => counter.OnError(error);

    protected override void OnCompletedCore(Result result)
    {
    }
}

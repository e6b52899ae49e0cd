using System.Reactive.Concurrency;
using System.Reactive.Disposables;

namespace Rx.Tests.Concurrency;

/// <summary>A scheduler whose actions a test runs, one at a time.</summary>
internal sealed class ManualScheduler : LocalScheduler
{
    private readonly Queue<Action> _actions = new();

    public int Count => _actions.Count;

    public override IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action)
    {
        _actions.Enqueue(() => action(this, state));
        return Disposable.Empty;
    }

    public void RunOne() => _actions.Dequeue()();

    public void RunAll()
    {
        while (_actions.Count > 0)
        {
            RunOne();
        }
    }
}

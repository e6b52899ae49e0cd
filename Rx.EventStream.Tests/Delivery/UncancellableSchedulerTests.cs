using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>Schedulers whose actions cannot be cancelled.</summary>
[TestFixture]
internal sealed class UncancellableSchedulerTests
{
    private readonly InvalidOperationException _error = new("The action cannot be cancelled.");

    [Test]
    public async Task Dispose_CancellationThrows_WaitingPublishersGoOn()
    {
        using var stream = new EventStream<int>();
        IDisposable subscription = stream.ObserveOn(new Uncancellable(_error)).WithLagPolicy(LagPolicy.Wait(1)).Subscribe(_ => { });
        stream.OnNext(0);
        Task waiting = stream.OnNextAsync(1).AsTask();
        bool waited = !waiting.IsCompleted;

        Assert.That(subscription.Dispose, Throws.Exception.SameAs(_error));

        await Eventually.Ends(waiting);
        Assert.That(waited, Is.True);
        Assert.That(stream.HasObservers, Is.False);
    }

    /// <summary>Never runs an action, and throws when one is cancelled.</summary>
    private sealed class Uncancellable(Exception error) : LocalScheduler
    {
        public override IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action) =>
            Disposable.Create(() => throw error);
    }
}

using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>When operators unsubscribe from their source, and what they do if it publishes afterwards.</summary>
public sealed class SourceTests
{
    [Test]
    public void Share_SourcePublishesAfterTheLastLeaves_DoesNotThrow()
    {
        var source = new Source();
        source.Share().Subscribe(_ => { }).Dispose();

        Assert.That(() => source.Observer!.OnNext(1), Throws.Nothing);
        Assert.That(source.Disposals, Is.EqualTo(1));
    }

    [Test]
    public void ObserveLatestOn_SourcePublishesAfterDispose_DoesNotThrow()
    {
        var source = new Source();
        source.ObserveLatestOn(TaskPoolScheduler.Default).Subscribe(_ => { }).Dispose();

        Assert.That(() => source.Observer!.OnNext(1), Throws.Nothing);
        Assert.That(source.Disposals, Is.EqualTo(1));
    }

    [Test]
    public void ObserveOn_ObserverLaggedTooFar_UnsubscribesFromTheSource()
    {
        var scheduler = new ManualScheduler();
        var source = new Source();
        var observer = new RecordingObserver<int>();
        source.ObserveOn(scheduler, LagPolicy.Fail(1)).Subscribe(observer);
        source.Observer!.OnNext(1);
        source.Observer.OnNext(2);

        scheduler.RunAll();

        Assert.That(observer.Error, Is.InstanceOf<SubscriberLaggedException>());
        Assert.That(source.Disposals, Is.EqualTo(1));
    }

    [Test]
    public void ObserveOn_ObserverThrows_UnsubscribesFromTheSource()
    {
        var scheduler = new ManualScheduler();
        var source = new Source();
        source.ObserveOn(scheduler, LagPolicy.Unbounded).Subscribe(_ => throw new InvalidOperationException());
        source.Observer!.OnNext(1);

        Assert.That(scheduler.RunAll, Throws.InvalidOperationException);
        Assert.That(source.Disposals, Is.EqualTo(1));
    }

    private sealed class Source : IObservable<int>
    {
        internal IObserver<int>? Observer { get; private set; }

        internal int Disposals { get; private set; }

        public IDisposable Subscribe(IObserver<int> observer)
        {
            Observer = observer;
            return Disposable.Create(() => Disposals++);
        }
    }
}

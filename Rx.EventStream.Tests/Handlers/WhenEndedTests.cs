using System.Reactive.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Handlers;

/// <summary><see cref="EventSubscription.WhenEndedAsync"/> of observers: the last call has returned.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class WhenEndedTests(StreamConfiguration configuration)
{
    [TestCase("inline")]
    [TestCase("pool")]
    [TestCase("thread")]
    [TestCase("event loop")]
    public void WhenEndedAsync_DisposedWhileCalled_CompletesWhenTheCallReturns(string kind)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using ManualResetEventSlim isCalled = new(), mayReturn = new();
        using var loop = new EventLoopScheduler();
        EventObservable<int> observable = kind switch
        {
            "pool" => stream.ObserveOn(ThreadPoolScheduler.Instance),
            "thread" => stream.ObserveOn(NewThreadScheduler.Default),
            "event loop" => stream.ObserveOn(loop),
            _ => stream.AsObservable(),
        };
        EventSubscription subscription = observable.Subscribe(new RecordingObserver<int>(_ =>
        {
            isCalled.Set();
            mayReturn.Wait();
        }));
        var publisher = new Thread(() => stream.OnNext(1));
        publisher.Start();
        isCalled.Wait();

        subscription.Dispose();
        Task ended = subscription.WhenEndedAsync();

        Assert.That(ended.IsCompleted, Is.False);
        mayReturn.Set();
        Assert.That(ended.Wait(Eventually.Limit), Is.True);
        publisher.Join();
    }

    [Test]
    public void WhenEndedAsync_DisposedInsideTheCall_CompletesAfterwards([Values] bool isInline, [Values(1, 2)] int observers)
    {
        using EventStream<int> stream = configuration.Create<int>();
        EventSubscription? subscription = null;
        Task? ended = null;
        EventObservable<int> observable = isInline ? stream.AsObservable() : stream.ObserveOn(CurrentThreadScheduler.Instance);
        subscription = observable.Subscribe(new RecordingObserver<int>(_ =>
        {
            subscription!.Dispose();
            ended = subscription.WhenEndedAsync();
            Assert.That(ended.IsCompleted, Is.False);
        }));
        using IDisposable? other = observers == 2 ? stream.Subscribe(new RecordingObserver<int>()) : null;

        stream.OnNext(1);

        Assert.That(ended!.Wait(Eventually.Limit), Is.True);
    }

    [Test]
    public void WhenEndedAsync_StreamCompletes_CompletesAfterOnCompleted([Values] bool isInline)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using ManualResetEventSlim isCalled = new(), mayReturn = new();
        EventSubscription subscription = (isInline ? stream.AsObservable() : stream.ObserveOn(ThreadPoolScheduler.Instance)).Subscribe(
            new RecordingObserver<int>(onEnd: () =>
            {
                isCalled.Set();
                mayReturn.Wait();
            }));
        Task before = subscription.WhenEndedAsync();
        var publisher = new Thread(stream.OnCompleted);
        publisher.Start();
        isCalled.Wait();

        Assert.That((before.IsCompleted, subscription.WhenEndedAsync().IsCompleted), Is.EqualTo((false, false)));
        mayReturn.Set();
        Assert.That(Task.WaitAll([before, subscription.WhenEndedAsync()], Eventually.Limit), Is.True);
        publisher.Join();
    }

    [Test]
    public void WhenEndedAsync_NotCalledAtThatMoment_CompletesAtDispose([Values] bool isInline)
    {
        using EventStream<int> stream = configuration.Create<int>();
        EventSubscription subscription =
            (isInline ? stream.AsObservable() : stream.ObserveOn(new HistoricalScheduler())).Subscribe(new RecordingObserver<int>());
        Task before = subscription.WhenEndedAsync();
        Assert.That(before.IsCompleted, Is.False);

        subscription.Dispose();

        Assert.That(Task.WaitAll([before, subscription.WhenEndedAsync()], Eventually.Limit), Is.True);
    }

    [Test]
    public void WhenEndedAsync_Reader_CompletesWhenItIsDisposedThroughTheList()
    {
        using EventStream<int> stream = configuration.Create<int>();
        using EventReader<int> reader = stream.OpenReader();
        EventSubscription listed = stream.Subscriptions.Single();
        Task ended = listed.WhenEndedAsync();
        Task caughtUp = listed.WhenCaughtUpAsync();
        Assert.That((ended.IsCompleted, caughtUp.Wait(Eventually.Limit)), Is.EqualTo((false, true)));

        listed.Dispose();

        Assert.That(ended.Wait(Eventually.Limit), Is.True);
    }

    [Test]
    public void WhenCaughtUpAsync_OneOfTwoObserversLags_OnlyTheOtherHasCaughtUp()
    {
        using EventStream<int> stream = configuration.Create<int>();
        var time = new HistoricalScheduler();
        EventSubscription late = stream.ObserveOn(time).Subscribe(new RecordingObserver<int>());
        EventSubscription inline = stream.AsObservable().Subscribe(new RecordingObserver<int>());
        using EventReader<int> reader = stream.OpenReader();
        EventSubscription reading = stream.Subscriptions.Single(s => s != late && s != inline);

        stream.OnNext(1);
        Task[] caughtUp = [late.WhenCaughtUpAsync(), inline.WhenCaughtUpAsync(), reading.WhenCaughtUpAsync()];

        Assert.That(caughtUp[1].Wait(Eventually.Limit), Is.True);
        Assert.That((caughtUp[0].IsCompleted, caughtUp[2].IsCompleted), Is.EqualTo((false, false)));
        time.Start();
        Assert.That(reader.TryRead(out _), Is.True);
        Assert.That(Task.WaitAll(caughtUp, Eventually.Limit), Is.True);
        Assert.That(late.WhenCaughtUpAsync(new CancellationToken(canceled: true)).IsCanceled, Is.True);
    }
}

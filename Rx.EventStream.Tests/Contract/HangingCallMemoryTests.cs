using System.Reactive.Concurrency;

namespace Rx.Tests.Contract;

/// <summary>A subscription that is disposed while a call of its observer does not return: it keeps no event that comes later.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class HangingCallMemoryTests(StreamConfiguration configuration)
{
    private const int Events = 300;

    [Test]
    public void Dispose_CallDoesNotReturn_KeepsNoLaterEvent(
        [Values("thread", "loop", "pool", "unknown", "handler", "batches")] string kind,
        [Values] bool isWaitedFor,
        [Values] bool isStream)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using ManualResetEventSlim isCalled = new(), mayReturn = new();
        using var loop = new EventLoopScheduler();
        EventObservable<int> observable = stream.WithLagPolicy(isWaitedFor ? LagPolicy.Wait(Events * 2) : LagPolicy.Unbounded);
        EventSubscription subscription = kind switch
        {
            "thread" => observable.ObserveOn(NewThreadScheduler.Default).Subscribe(new RecordingObserver<int>(_ => Hang())),
            "loop" => observable.ObserveOn(loop).Subscribe(new RecordingObserver<int>(_ => Hang())),
            "pool" => observable.ObserveOn(TaskPoolScheduler.Default).Subscribe(new RecordingObserver<int>(_ => Hang())),
            "unknown" => observable.ObserveOn(loop.Catch<Exception>(static _ => false)).Subscribe(new RecordingObserver<int>(_ => Hang())),
            "batches" => (EventSubscription)observable.ObserveOn(loop).Batch(5).Subscribe(_ => Hang()),
            _ => observable.SubscribeAwait((_, _) =>
            {
                Hang();
                return default;
            }),
        };
        stream.OnNext(0);
        Eventually.IsSet(isCalled, "The call begins.");
        Publish(Events);
        if (isStream)
        {
            stream.Dispose();
        }
        else
        {
            subscription.Dispose();
            Publish(Events);
        }

        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(2), "Nothing is kept for a call that runs.");
        Task ended = subscription.WhenEndedAsync();
        Assert.That(ended.IsCompleted, Is.False);
        mayReturn.Set();
        Assert.That(ended.Wait(Eventually.Limit), Is.True);
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(2));

        void Hang()
        {
            isCalled.Set();
            mayReturn.Wait();
        }

        void Publish(int count)
        {
            for (int i = 0; i < count; i++)
            {
                stream.OnNext(i);
            }
        }
    }
}

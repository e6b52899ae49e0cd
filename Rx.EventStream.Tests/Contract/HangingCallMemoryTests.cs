using System.Runtime.CompilerServices;
using System.Reactive.Concurrency;

namespace Rx.Tests.Contract;

/// <summary>A subscription that is disposed while a call of its observer does not return: it keeps no event that comes later.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
[Category("Slow")]
internal sealed class HangingCallMemoryTests(StreamConfiguration configuration)
{
    private const int Events = 300;

    /// <summary>What was read ahead of a call that does not return is forgotten with the subscription.</summary>
    [Test]
    public async Task Dispose_CallDoesNotReturn_KeepsNoEventThatWasReadAhead(
        [Values("handler", "handler that blocks", "by key", "projection")] string kind, [Values] bool isStream)
    {
        using EventStream<object> stream = configuration.Create<object>();
        using ManualResetEventSlim isCalled = new(), mayReturn = new();
        var returned = new TaskCompletionSource();
        using var loop = new EventLoopScheduler();
        var byKey = new SubscribeAwaitOptions<object> { MaxConcurrency = 2, PartitionKey = _ => "all" };
        using EventProjection<int, object>? projection = kind != "projection" ? null : stream.ObserveOn(loop).ToProjection(0, (count, _) =>
        {
            Hang();
            return count + 1;
        });
        EventSubscription subscription = kind switch
        {
            "handler" => stream.SubscribeAwait(
                (_, _) =>
                {
                    isCalled.Set();
                    return new ValueTask(returned.Task);
                },
                byKey),
            "handler that blocks" => stream.ObserveOn(loop).SubscribeAwait(
                (_, _) =>
                {
                    Hang();
                    return default;
                },
                byKey),
            "by key" => (EventSubscription)stream.ObserveLatestByKeyOn(value => value, loop).Subscribe(_ => Hang()),
            _ => stream.Subscriptions.Single(),
        };
        List<WeakReference> events = Publish(stream);
        Eventually.IsSet(isCalled, "The call begins.");
        Eventually.IsTrue(() => kind != "handler" || stream.Log.CountSegments() <= 2, "It reads ahead.");

        if (isStream)
        {
            stream.Dispose();
        }
        else
        {
            subscription.Dispose();
        }

        Eventually.IsTrue(
            () =>
            {
                GC.Collect();
                return events.Count(e => e.IsAlive) <= 64;
            },
            "Some tens of a segment stay.");
        mayReturn.Set();
        returned.SetResult();
        await Eventually.Ends(subscription.WhenEndedAsync());

        void Hang()
        {
            isCalled.Set();
            mayReturn.Wait();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> Publish(EventStream<object> stream)
    {
        object[] events = [.. Enumerable.Range(0, Events).Select(_ => new object())];
        stream.OnNextRange(events);
        return [.. events.Select(e => new WeakReference(e))];
    }

    [Test]
    public void Dispose_CallDoesNotReturn_KeepsNoLaterEvent(
        [Values("thread", "loop", "pool", "unknown", "handler", "handler of batches", "batches", "projection")] string kind,
        [Values] bool isWaitedFor,
        [Values] bool isStream)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using ManualResetEventSlim isCalled = new(), mayReturn = new();
        using var loop = new EventLoopScheduler();
        EventObservable<int> observable = stream.WithLagPolicy(isWaitedFor ? LagPolicy.Wait(Events * 2) : LagPolicy.Unbounded);
        using EventProjection<int, int>? projection = kind != "projection" ? null : observable.ObserveOn(loop).ToProjection(0, (sum, value) =>
        {
            Hang();
            return sum + value;
        });
        EventSubscription subscription = kind switch
        {
            "projection" => stream.Subscriptions.Single(),
            "handler of batches" => observable.SubscribeAwaitBatch(5, (_, _) =>
            {
                Hang();
                return default;
            }),
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

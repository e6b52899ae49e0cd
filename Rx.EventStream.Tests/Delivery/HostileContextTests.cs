using System.Runtime.ExceptionServices;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>A context that takes a callback, and throws all the same: an observer goes on, or ends with that exception, and no publisher waits for
/// good.</summary>
[TestFixture]
internal sealed class HostileContextTests
{
    private const int Rounds = 100;
    private const int Each = 20;

    [Test]
    public async Task Post_ThrowsAfterItHasTakenTheCallback_ObserversGoOnOrEnd(
        [Values] HostileContext.Way way, [Values(0, 3)] int maxBatch, [Values] bool awaits, [Values] bool waits)
    {
        for (int round = 0; round < Rounds; round++)
        {
            var context = new HostileContext(way);
            using var stream = new EventStream<int>(new EventStreamOptions { MaxInlineBacklog = 1 });
            using EventReader<int> all = stream.OpenReader();
            List<int>[] had = [[], []];
            EventSubscription[] subscriptions = [.. had.Select(values => Subscribe(Observe(), values, awaits))];
            int next = 0;
            Task[] publishing =
            [
                .. Enumerable.Range(0, 2).Select(_ => Eventually.OnThread(() =>
                {
                    for (int i = 0; i < Each; i++)
                    {
                        Publish(() => stream.OnNext(Interlocked.Increment(ref next)));
                    }
                })),
            ];

            await Eventually.Ends(Task.WhenAll(publishing));
            await Eventually.Ends(stream.WhenCaughtUpAsync());
            all.TryReadBatch(2 * Each, out ReadOnlyMemory<int> published);
            int[] expected = published.ToArray();
            Assert.That(expected, Has.Length.EqualTo(2 * Each));
            foreach ((List<int> values, EventSubscription subscription) in had.Zip(subscriptions))
            {
                Assert.That(values, Is.EqualTo(subscription.IsDisposed ? expected[..values.Count] : expected));
                Assert.That(subscription.Error, subscription.IsDisposed ? Is.TypeOf<TimeoutException>() : Is.Null);
            }

            EventObservable<int> Observe() =>
                (maxBatch == 0 ? stream.ObserveOn(context) : stream.ObserveOn(context, maxBatch))
                    .WithLagPolicy(waits ? LagPolicy.Wait(2) : LagPolicy.Unbounded);
        }
    }

    /// <summary>The exception passes through a context that runs callbacks inside <c>Post</c>, while other publishers give the others turns.</summary>
    [Test]
    public async Task Post_RunsAnObserverThatThrows_NoOtherIsAffected(
        [Values(HostileContext.Way.AtOnce, HostileContext.Way.OnAnotherThread)] HostileContext.Way way, [Values] bool waits)
    {
        for (int round = 0; round < 3 * Rounds; round++)
        {
            var context = new HostileContext(way, throwsItself: false);
            using var stream = new EventStream<int>();
            EventObservable<int> source = stream.ObserveOn(context).WithLagPolicy(waits ? LagPolicy.Wait(2) : LagPolicy.Unbounded);
            List<int>[] had = [[], []];
            EventSubscription[] good = [.. had.Select(values => Subscribe(source, values, awaits: false))];
            var bad = (EventSubscription)source.Subscribe(value => throw new TimeoutException());
            Task[] publishing =
            [
                .. Enumerable.Range(0, 2).Select(_ => Eventually.OnThread(() =>
                {
                    for (int i = 0; i < Each; i++)
                    {
                        Publish(() => stream.OnNext(i));
                    }
                })),
            ];

            await Eventually.Ends(Task.WhenAll(publishing));
            await Eventually.Ends(stream.WhenCaughtUpAsync());
            Assert.That(bad.Error, Is.TypeOf<TimeoutException>());
            Assert.That(good.Select(static s => s.Error), Is.All.Null);
            Assert.That(had.Select(static values => values.Count), Is.All.EqualTo(2 * Each));
        }
    }

    /// <summary>Where the action that the others get runs at once, its exceptions leave together with the one before.</summary>
    [Test]
    public void Post_RunsObserversThatThrow_EachExceptionComesOut(
        [Values(HostileContext.Way.AtOnce, HostileContext.Way.OnAnotherThread)] HostileContext.Way way,
        [Values] Thrower thrower,
        [Values(1, 2, 1024)] int maxBatch,
        [Values] bool atOneEvent)
    {
        const int Count = 4;
        using var stream = new EventStream<int>();
        EventObservable<int> source = stream.ObserveOn(new HostileContext(way, throwsItself: false), maxBatch);
        var expected = new List<int>();
        for (int i = 0; i < Count; i++)
        {
            int number = i;
            expected.Add(number);
            Throw(source, thrower, value => value == (atOneEvent ? 1 : number), number);
        }

        List<Exception> thrown = Flatten(Assert.Catch(() => stream.OnNextRange([.. Enumerable.Range(0, Count)])));

        Assert.That(thrown.Select(static error => error.Data["number"]), Is.EquivalentTo(expected));
    }

    [Test]
    public void Post_RunsManyObserversThatThrow_EachExceptionComesOutOnOneStack([Values] bool atOneEvent)
    {
        const int Count = 5_000;
        using var stream = new EventStream<int>();
        EventObservable<int> source = stream.ObserveOn(new HostileContext(HostileContext.Way.AtOnce, throwsItself: false));
        for (int i = 0; i < Count; i++)
        {
            int number = i;
            Throw(source, Thrower.Observer, value => value == (atOneEvent ? 1 : number), number);
        }

        List<Exception> thrown = Flatten(Assert.Catch(() => stream.OnNextRange([.. Enumerable.Range(0, Count)])));

        Assert.That(thrown.Select(static error => error.Data["number"]), Is.EqualTo(Enumerable.Range(0, Count)));
    }

    [Test]
    public void Post_RunsAStateObserverThatThrowsAtEachState_EachExceptionComesOutOnOneStack([Values(1, 1024)] int maxBatch)
    {
        const int Count = 20_000;
        using var stream = new EventStream<int>();
        var context = new HostileContext(HostileContext.Way.AtOnce, throwsItself: false);
        foreach (int number in (int[])[0, 1])
        {
            Throw(stream.ObserveOn(context, maxBatch), Thrower.StateObserver, static _ => true, number);
        }

        List<Exception> thrown = Flatten(Assert.Catch(() => stream.OnNextRange(new int[Count])));

        Assert.That(thrown.CountBy(static error => (int)error.Data["number"]!).Select(static n => n.Value), Is.EqualTo([Count, Count]));
    }

    private static List<Exception> Flatten(Exception? error) =>
        error is AggregateException several ? [.. several.Flatten().InnerExceptions] : [error!];

    /// <summary>Subscribes what throws exceptions with a number.</summary>
    private static void Throw(EventObservable<int> source, Thrower thrower, Predicate<int> throwsAt, int number)
    {
        switch (thrower)
        {
            case Thrower.Observer:
                source.Subscribe(OnNext);
                break;
            case Thrower.Handler:
                source.SubscribeAwait((value, _) =>
                {
                    OnNext(value);
                    return default;
                });
                break;
            default:
                source.ToProjection(-1, static (_, value) => value).AsObservable().Subscribe(OnNext);
                break;
        }

        void OnNext(int value)
        {
            if (value >= 0 && throwsAt(value))
            {
                throw new TimeoutException { Data = { ["number"] = number } };
            }
        }
    }

    private static EventSubscription Subscribe(EventObservable<int> source, List<int> values, bool awaits) => awaits
        ? source.SubscribeAwait((value, _) =>
        {
            values.Add(value);
            return default;
        })
        : (EventSubscription)source.Subscribe(values.Add);

    private static void Publish(Action publish)
    {
        try
        {
            publish();
        }
        catch (TimeoutException)
        {
        }
        catch (AggregateException)
        {
        }
    }

    internal enum Thrower
    {
        Observer,
        Handler,
        StateObserver,
    }

    /// <summary>May throw at every third post, after it has run or queued the callback.</summary>
    internal sealed class HostileContext(HostileContext.Way way, bool throwsItself = true) : SynchronizationContext
    {
        private int _posts;

        internal enum Way
        {
            AtOnce,
            OnAnotherThread,
            Queued,
        }

        public override void Post(SendOrPostCallback d, object? state)
        {
            int post = Interlocked.Increment(ref _posts);
            switch (way)
            {
                case Way.AtOnce:
                    d(state);
                    break;
                case Way.OnAnotherThread:
                    Run(d, state);
                    break;
                default:
                    ThreadPool.UnsafeQueueUserWorkItem(_ => Publish(() => d(state)), null);
                    break;
            }

            if (throwsItself && post % 3 == 0)
            {
                throw new TimeoutException();
            }
        }

        public override SynchronizationContext CreateCopy() => this;

        /// <summary>Lets exceptions of the callback through, unless it throws its own.</summary>
        private void Run(SendOrPostCallback d, object? state)
        {
            Exception? thrown = null;
            var thread = new Thread(() =>
            {
                try
                {
                    d(state);
                }
                catch (Exception error)
                {
                    thrown = error;
                }
            });
            thread.Start();
            thread.Join();
            if (thrown is not null && !throwsItself)
            {
                ExceptionDispatchInfo.Throw(thrown);
            }
        }
    }
}

using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using System.Runtime.ExceptionServices;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Projection;

/// <summary>An observer of a projection gets the state now, then each later state, then the end.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class ProjectionObserverTests(StreamConfiguration configuration)
{
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void Subscribe_BeforeDuringAndAfter_StatesThenTheEnd([Values] bool isError)
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        RecordingObserver<int> early = new(), late = new(), after = new();
        projection.AsObservable().Subscribe(early);
        _stream.OnNextRange([1, 2]);
        projection.AsObservable().Subscribe(late);
        _stream.OnNext(3);
        if (isError)
        {
            _stream.OnError(Marbles.Error);
        }
        else
        {
            _stream.OnCompleted();
        }

        projection.AsObservable().Subscribe(after);

        Assert.That(early.Values, Is.EqualTo(new[] { 0, 1, 3, 6 }));
        Assert.That(late.Values, Is.EqualTo(new[] { 3, 6 }));
        Assert.That(after.Values, Is.EqualTo(new[] { 6 }));
        foreach (RecordingObserver<int> observer in new[] { early, late, after })
        {
            Assert.That((observer.IsCompleted, observer.Error), Is.EqualTo((!isError, isError ? Marbles.Error : null)));
            Assert.That(observer.Violations, Is.Empty);
        }
    }

    /// <summary>As with <c>BehaviorSubject</c>, an observer has its place before it gets the state that it joins with.</summary>
    [Test]
    public void Subscribe_InsideTheFirstState_OrderIsThatOfSubscribing()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        using var subject = new BehaviorSubject<int>(0);

        List<string> ours = Log(projection.AsObservable(), _stream);
        List<string> rx = Log(subject, Observer.Create<int>(value => subject.OnNext(subject.Value + value), subject.OnCompleted));

        Assert.That(rx, Is.EqualTo(new[] { "a0", "b0", "a1", "b1", "a3", "b3", "a|", "b|" }));
        Assert.That(ours, Is.EqualTo(rx));

        static List<string> Log(IObservable<int> states, IObserver<int> source)
        {
            List<string> log = [];
            bool hasInner = false;
            states.Subscribe(
                state =>
                {
                    log.Add($"a{state}");
                    if (!hasInner)
                    {
                        hasInner = true;
                        states.Subscribe(inner => log.Add($"b{inner}"), () => log.Add("b|"));
                    }
                },
                () => log.Add("a|"));
            source.OnNext(1);
            source.OnNext(2);
            source.OnCompleted();
            return log;
        }
    }

    /// <summary>With another order the new inner sequence would begin with the state that the old one has just passed on.</summary>
    [Test]
    public void Subscribe_EachStateSwitchesToTheStates_NoneIsRepeated()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        IObservable<int> states = projection.AsObservable();
        List<int> seen = [];
        using IDisposable subscription = states.Select(_ => states.Take(2)).Switch().Subscribe(seen.Add);
        _stream.OnNextRange([1, 1, 1]);

        Assert.That(seen, Is.EqualTo(new[] { 0, 1, 2, 3 }));
    }

    [Test]
    public void Subscribe_EqualStates_EachIsGiven()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        var observer = new RecordingObserver<int>();
        projection.AsObservable().Subscribe(observer);
        _stream.OnNextRange([0, 0]);

        Assert.That(observer.Values, Is.EqualTo(new[] { 0, 0, 0 }));
    }

    [Test]
    public void Subscribe_ApplyThrows_ObserversGetTheError()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, (sum, value) => value < 0 ? throw Marbles.Error : sum + value);
        RecordingObserver<int> early = new(), late = new();
        projection.AsObservable().Subscribe(early);

        _stream.OnNextRange([1, -1, 2]);
        projection.AsObservable().Subscribe(late);

        Assert.That(early.Values, Is.EqualTo(new[] { 0, 1 }));
        Assert.That(late.Values, Is.Empty);
        Assert.That((early.Error, late.Error), Is.EqualTo((Marbles.Error, Marbles.Error)));
    }

    [Test]
    public void Dispose_Projection_TellsNoObserver([Values] bool ofStream)
    {
        EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        var observer = new RecordingObserver<int>();
        projection.AsObservable().Subscribe(observer);
        ((IDisposable)(ofStream ? _stream : projection)).Dispose();

        Assert.That((observer.IsCompleted, observer.Error), Is.EqualTo((false, (Exception?)null)));
        Assert.That(() => projection.AsObservable().Subscribe(observer), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => projection.AsObservable().Subscribe(null!), Throws.ArgumentNullException);
    }

    [Test]
    public void Subscribe_StreamCompletedAndDisposed_Throws()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        _stream.OnCompleted();
        _stream.Dispose();

        Assert.That(() => projection.AsObservable().Subscribe(new RecordingObserver<int>()), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Subscribe_Disposed_GetsNoFurtherState()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        var observer = new RecordingObserver<int>();
        IDisposable subscription = projection.AsObservable().Subscribe(observer);
        _stream.OnNext(1);
        subscription.Dispose();
        subscription.Dispose();
        _stream.OnNext(2);

        Assert.That(observer.Values, Is.EqualTo(new[] { 0, 1 }));
    }

    [Test]
    public void Observer_Throws_ProjectionGoesOn()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        var other = new RecordingObserver<int>();
        projection.AsObservable().Subscribe(new RecordingObserver<int>(state => Assert.That(state, Is.Not.EqualTo(1))));
        projection.AsObservable().Subscribe(other);

        Assert.That(() => _stream.OnNext(1), Throws.InstanceOf<AssertionException>());
        _stream.OnNext(1);

        Assert.That(projection.State, Is.EqualTo(2));
        Assert.That(other.Values, Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public void Observer_ThrowsOnAScheduler_ExceptionLeavesAnActionOfItsOwn()
    {
        var scheduler = new ManualScheduler();
        using EventProjection<int, int> projection = _stream.ObserveOn(scheduler).ToProjection(0, Sum);
        projection.AsObservable().Subscribe(new RecordingObserver<int>(ThrowAtOne));
        _stream.OnNextRange([1, 1]);

        scheduler.RunOne();
        Assert.That(projection.State, Is.EqualTo(2));
        Assert.That(scheduler.RunAll, Throws.Exception.SameAs(Marbles.Error));
        _stream.OnNext(1);
        scheduler.RunAll();
        Assert.That(projection.State, Is.EqualTo(3));
    }

    /// <summary>The exception does not look like the end of the projection, which came in the same action.</summary>
    [Test]
    public void Observer_ThrowsBeforeTheEnd_SubscriptionHasNoError()
    {
        var scheduler = new ManualScheduler();
        using EventProjection<int, int> projection = _stream.ObserveOn(scheduler).ToProjection(0, Sum);
        EventSubscription subscription = _stream.Subscriptions.Single();
        projection.AsObservable().Subscribe(new RecordingObserver<int>(ThrowAtOne));
        _stream.OnNext(1);
        _stream.OnCompleted();

        Assert.That(scheduler.RunAll, Throws.Exception.SameAs(Marbles.Error));
        scheduler.RunAll();

        Assert.That((projection.Completion.Status, projection.State), Is.EqualTo((TaskStatus.RanToCompletion, 1)));
        Assert.That((subscription.IsDisposed, subscription.Error), Is.EqualTo((true, (Exception?)null)));
    }

    private static IEnumerable<TestCaseData> SchedulersThatRunActionsAtOnce()
    {
        yield return new TestCaseData(CurrentThreadScheduler.Instance).SetArgDisplayNames("current thread");
        yield return new TestCaseData(CurrentThreadScheduler.Instance.DisableOptimizations()).SetArgDisplayNames("current thread, wrapped");
        yield return new TestCaseData(ImmediateScheduler.Instance.DisableOptimizations()).SetArgDisplayNames("immediate, wrapped");
        yield return new TestCaseData(new SynchronizationContextScheduler(new CallingContext())).SetArgDisplayNames("context");
    }

    /// <summary>The exception passes through the scheduler, and through what has scheduled the fold.</summary>
    [TestCaseSource(nameof(SchedulersThatRunActionsAtOnce))]
    public void Observer_ThrowsWhereTheSchedulerRunsActionsAtOnce_ProjectionGoesOn(IScheduler scheduler)
    {
        foreach (bool isRun in new[] { false, true })
        {
            using EventStream<int> stream = configuration.Create<int>();
            using EventProjection<int, int> projection = stream.ObserveOn(scheduler).ToProjection(0, Sum);
            RecordingObserver<int> earlier = new(), later = new();
            projection.AsObservable().Subscribe(earlier);
            projection.AsObservable().Subscribe(new RecordingObserver<int>(ThrowAtOne));
            projection.AsObservable().Subscribe(later);

            Assert.That(() => Publish(1, 2), Throws.Exception.SameAs(Marbles.Error));
            Publish(3);
            stream.OnCompleted();

            Assert.That(projection.State, Is.EqualTo(6));
            Assert.That(projection.Completion.Status, Is.EqualTo(TaskStatus.RanToCompletion));
            foreach (RecordingObserver<int> observer in new[] { earlier, later })
            {
                Assert.That(observer.Values, Is.EqualTo(new[] { 0, 1, 3, 6 }));
                Assert.That(observer.IsCompleted, Is.True);
            }

            void Publish(params int[] values)
            {
                if (isRun)
                {
                    stream.OnNextRange(values);
                    return;
                }

                Exception? thrown = null;
                foreach (int value in values)
                {
                    try
                    {
                        stream.OnNext(value);
                    }
                    catch (Exception error)
                    {
                        thrown = error;
                    }
                }

                if (thrown is not null)
                {
                    ExceptionDispatchInfo.Throw(thrown);
                }
            }
        }
    }

    private static void ThrowAtOne(int state)
    {
        if (state == 1)
        {
            throw Marbles.Error;
        }
    }

    [Test]
    public void Observer_PublishesInsideACall_StatesStayInOrder()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        var observer = new RecordingObserver<int>(state =>
        {
            if (state is > 0 and < 5)
            {
                _stream.OnNext(1);
            }
        });
        projection.AsObservable().Subscribe(observer);
        _stream.OnNext(1);

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 6)));
        Assert.That(observer.Violations, Is.Empty);
    }

    /// <summary>Joining while another thread folds neither misses nor repeats a state, and the end comes last.</summary>
    [Test]
    public void Subscribe_DuringTheFolds_NoStateMissedOrRepeated([Values] bool isScheduled) =>
        Race.Run(
            1_500,
            () =>
            {
                EventStream<int> stream = configuration.Create<int>();
                EventObservable<int> source = isScheduled ? stream.ObserveOn(TaskPoolScheduler.Default) : stream.AsObservable();
                return new Joining(stream, source.ToProjection(0, Sum), new RecordingObserver<int>());
            },
            joining =>
            {
                for (int i = 0; i < 6; i++)
                {
                    joining.Stream.OnNext(1);
                }

                joining.Stream.OnCompleted();
            },
            joining => joining.Projection.AsObservable().Subscribe(joining.Observer),
            joining =>
            {
                Race.Await(() => joining.Observer.IsEnded, "the end");
                int first = joining.Observer.Values[0];
                Assert.That(joining.Observer.Values, Is.EqualTo(Enumerable.Range(first, 7 - first)));
                Assert.That(joining.Observer.IsCompleted, Is.True);
                Assert.That(joining.Observer.Violations, Is.Empty);
                joining.Stream.Dispose();
            });

    [Test]
    public void Subscribe_DuringDispose_ThrowsOrIsSilent() =>
        Race.Run(
            1_000,
            () =>
            {
                EventStream<int> stream = configuration.Create<int>();
                return new Joining(stream, stream.ToProjection(0, Sum), new RecordingObserver<int>());
            },
            joining => joining.Projection.Dispose(),
            joining =>
            {
                try
                {
                    joining.Projection.AsObservable().Subscribe(joining.Observer);
                }
                catch (ObjectDisposedException)
                {
                }
            },
            joining =>
            {
                Assert.That(joining.Observer.IsEnded, Is.False);
                Assert.That(() => joining.Projection.AsObservable().Subscribe(joining.Observer), Throws.TypeOf<ObjectDisposedException>());
                joining.Stream.OnNext(1);
                joining.Stream.Dispose();
            });

    private static int Sum(int sum, int value) => sum + value;

    private sealed record Joining(EventStream<int> Stream, EventProjection<int, int> Projection, RecordingObserver<int> Observer);
}

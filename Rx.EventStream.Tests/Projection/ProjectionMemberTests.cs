using System.Reactive.Concurrency;
using NUnit.Framework.Constraints;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Projection;

/// <summary>The members that need no snapshot, and where a projection begins, in every configuration.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class ProjectionMemberTests(StreamConfiguration configuration)
{
    private const int Poison = 13;

    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void StateAndSequence_EachEvent_FollowTheStream()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(7, Sum);
        Assert.That((projection.State, projection.Sequence), Is.EqualTo((7, 0L)));
        for (int i = 1; i <= 5; i++)
        {
            _stream.OnNext(1);
            Assert.That((projection.State, projection.Sequence), Is.EqualTo((7 + i, (long)i)));
        }
    }

    [Test]
    public void State_AfterTheEnd_Stays([Values] bool isError)
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        _stream.OnNext(5);
        End(isError);

        Assert.That((projection.State, projection.Sequence), Is.EqualTo((5, 1L)));
        _stream.Dispose();
        Assert.That(() => projection.State, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(projection.Sequence, Is.EqualTo(1));
    }

    [Test]
    public void State_Ended_ThrowsWhatEndedIt([Values] bool isDisposed)
    {
        EventProjection<int, int> projection = _stream.ToProjection(0, Apply);
        _stream.OnNext(5);
        if (isDisposed)
        {
            projection.Dispose();
        }
        else
        {
            _stream.OnNext(Poison);
        }

        IResolveConstraint Error() => isDisposed ? Throws.TypeOf<ObjectDisposedException>() : Throws.Exception.SameAs(Marbles.Error);
        Assert.That(() => projection.State, Error());
        Assert.That(() => projection.OpenReader(out _), Error());
        Assert.That(() => projection.Follow(_ => { }, new RecordingObserver<int>()), Error());
        Assert.That(async () => await projection.WhenReachedAsync(0), Error());
        Assert.That(async () => await Eventually.Ends(projection.Completion), Error());
        Assert.That(projection.Sequence, Is.EqualTo(1));
    }

    [Test]
    public async Task Completion_StreamCompletes_Completes([Values] bool isLate)
    {
        if (isLate)
        {
            _stream.OnCompleted();
        }

        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        Assert.That(projection.Completion.IsCompleted, Is.EqualTo(isLate));
        _stream.OnCompleted();
        await Eventually.Ends(projection.Completion);

        projection.Dispose();
        Assert.That(projection.Completion.IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public void Completion_StreamFails_HasItsError([Values] bool isLate, [Values] bool isScheduled)
    {
        var scheduler = new ManualScheduler();
        EventObservable<int> source = isScheduled ? _stream.ObserveOn(scheduler) : _stream.AsObservable();
        if (isLate)
        {
            _stream.OnError(Marbles.Error);
        }

        using EventProjection<int, int> projection = source.ToProjection(3, Sum);
        _stream.OnError(Marbles.Error);
        Assert.That(projection.Completion.IsCompleted, Is.EqualTo(!isScheduled));
        scheduler.RunAll();

        Assert.That(async () => await Eventually.Ends(projection.Completion), Throws.Exception.SameAs(Marbles.Error));
        Assert.That(projection.State, Is.EqualTo(3));
    }

    [Test]
    public void Completion_StreamDisposed_ObjectDisposed()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        Task waiting = projection.WhenReachedAsync(0);
        _stream.Dispose();

        Assert.That(async () => await Eventually.Ends(projection.Completion), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(async () => await Eventually.Ends(waiting), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Completion_SubscriptionDisposedElsewhere_ObjectDisposed()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        _stream.Subscriptions[0].Dispose();

        Assert.That(async () => await Eventually.Ends(projection.Completion), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => projection.State, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Completion_SchedulerTakesNoWork_HasItsError()
    {
        var loop = new EventLoopScheduler();
        using EventProjection<int, int> projection = _stream.ObserveOn(loop).ToProjection(0, Sum);
        loop.Dispose();
        Assert.That(() => _stream.OnNext(1), Throws.InstanceOf<ObjectDisposedException>());

        Assert.That(async () => await Eventually.Ends(projection.Completion), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => projection.State, Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Completion_FailureThatNoCallerLooksAt_IsObserved()
    {
        int unobserved = 0;
        EventHandler<UnobservedTaskExceptionEventArgs> count = (_, e) =>
        {
            if (e.Exception.InnerException == Marbles.Error)
            {
                unobserved++;
            }
        };
        TaskScheduler.UnobservedTaskException += count;
        try
        {
            for (int i = 0; i < 10; i++)
            {
                Fault();
            }

            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= count;
        }

        Assert.That(unobserved, Is.Zero);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        void Fault()
        {
            EventProjection<int, int> projection = _stream.ToProjection(0, Apply);
            _stream.OnNext(Poison);
            Assert.That(() => projection.State, Throws.Exception.SameAs(Marbles.Error));
        }
    }

    [Test]
    public void OpenReader_EventsBeforeAndAfter_ReadsExactlyWhatFollows()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        _stream.OnNextRange([1, 2]);

        using EventReader<int> reader = projection.OpenReader(out int state);
        _stream.OnNextRange([3, 4]);
        _stream.OnCompleted();

        var read = new List<int>();
        while (reader.TryRead(out int value))
        {
            read.Add(value);
        }

        Assert.That(state, Is.EqualTo(3));
        Assert.That(read, Is.EqualTo(new[] { 3, 4 }));
        Assert.That(reader.Completion.IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public void Follow_EventPublishedInOnState_ComesAfterTheState()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        _stream.OnNextRange([1, 2]);
        var calls = new List<string>();
        var observer = new RecordingObserver<int>(value => calls.Add($"{value}"), () => calls.Add("|"));

        using IDisposable following = projection.Follow(
            state =>
            {
                calls.Add($"state {state}");
                _stream.OnNext(3);
                calls.Add("returns");
            },
            observer);
        _stream.OnNext(4);
        _stream.OnCompleted();

        Assert.That(calls, Is.EqualTo(new[] { "state 3", "returns", "3", "4", "|" }));
        Assert.That(observer.Violations, Is.Empty);
    }

    [Test]
    public void Follow_OnStateThrows_SubscribesNothing()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        var observer = new RecordingObserver<int>();

        Assert.That(() => projection.Follow(_ => throw Marbles.Error, observer), Throws.Exception.SameAs(Marbles.Error));
        _stream.OnNext(1);

        Assert.That(observer.Values, Is.Empty);
        Assert.That(_stream.Subscriptions, Has.Count.EqualTo(1));
        Assert.That(() => projection.Follow(null!, observer), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("onState"));
        Assert.That(() => projection.Follow(_ => { }, null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("observer"));
    }

    [Test]
    public void Follow_ProjectionEndsInOnState_ObserverGoesOn([Values("dispose", "fault", "stream")] string how)
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Apply);
        var observer = new RecordingObserver<int>();
        void Following() => projection.Follow(
            _ =>
            {
                switch (how)
                {
                    case "dispose": projection.Dispose(); break;
                    case "fault": _stream.OnNext(Poison); break;
                    default: _stream.Dispose(); break;
                }
            },
            observer);

        if (how == "stream")
        {
            Assert.That(Following, Throws.TypeOf<ObjectDisposedException>());
            return;
        }

        Following();
        _stream.OnNext(5);
        Assert.That(observer.Values, Is.EqualTo(how == "fault" ? [Poison, 5] : new[] { 5 }));
    }

    [Test]
    public void Follow_StreamEnded_StateThenTheEnd([Values] bool isError)
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        _stream.OnNext(1);
        End(isError);
        int state = 0;
        var observer = new RecordingObserver<int>();

        projection.Follow(s => state = s, observer);

        Assert.That((state, observer.IsCompleted, observer.Error), Is.EqualTo((1, !isError, isError ? Marbles.Error : null)));
    }

    [Test]
    public void Follow_LagPolicyOfTheStream_LosesNothing()
    {
        var scheduler = new ManualScheduler();
        using var stream = new EventStream<int>(new EventStreamOptions
        {
            SingleWriter = configuration.SingleWriter, SegmentCapacity = configuration.SegmentCapacity, Scheduler = scheduler, LagPolicy = LagPolicy.DropOldest(1),
        });
        using EventProjection<int, int> projection = stream.ToProjection(0, Sum);
        var observer = new RecordingObserver<int>();
        using IDisposable following = projection.Follow(_ => { }, observer);
        using EventReader<int> reader = projection.OpenReader(out _);

        stream.OnNextRange([1, 2, 3]);
        scheduler.RunAll();

        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(reader.Count, Is.EqualTo(3));
    }

    [Test]
    public void Dispose_Snapshot_DisposesItsPosition()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        EventSnapshot<int, int> now = projection.Current;
        now.Dispose();
        now.Dispose();

        Assert.That(now.State, Is.Zero);
        Assert.That(now.Position.OpenReader, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void ToProjection_SavedStateAndSequence_GoesOn()
    {
        using EventStream<int> stream = Retaining(Retention.All);
        stream.OnNextRange([1, 2, 3]);
        (int State, long Sequence) saved = (1 + 2, 2);
        EventPosition<int> from = stream.GetPosition(saved.Sequence);

        using EventProjection<int, int> projection = stream.ToProjection(saved.State, Sum, from);
        stream.OnNext(4);

        Assert.That((projection.State, projection.Sequence), Is.EqualTo((10, 4L)));
        using EventReader<int> reader = from.OpenReader(); // still the caller's
        Assert.That(reader.TryRead(out int first) && first == 3, Is.True);
        from.Dispose();
        Assert.That(() => stream.ToProjection(0, Sum, from), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void ToProjection_SavedSequenceGone_SaysWhatIsRetained()
    {
        using EventStream<int> stream = Retaining(Retention.Count(2));
        stream.OnNextRange([1, 2, 3, 4, 5]);

        Assert.That(
            () => stream.ToProjection(0, Sum, stream.GetPosition(1)),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("from 3 to 5"));
        Assert.That(
            () => stream.ToProjection(0, Sum, stream.GetPosition(6)), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(stream.HasObservers, Is.False);
    }

    [Test]
    public void ToProjection_PositionOfAnotherStream_Throws()
    {
        using EventStream<int> other = configuration.Create<int>();
        using EventPosition<int> from = other.GetNextPosition();

        Assert.That(() => _stream.ToProjection(0, Sum, from), Throws.ArgumentException.With.Property("ParamName").EqualTo("from"));
    }

    [Test]
    public void ToProjection_OfAnObservable_HasItsNameSchedulerAndPosition()
    {
        var scheduler = new ManualScheduler();
        _stream.OnNext(1);
        EventPosition<int> position = _stream.GetNextPosition();
        _stream.OnNext(2);

        using EventProjection<int, int> projection = position.AsObservable().ObserveOn(scheduler).WithName("sum").ToProjection(0, Sum);
        position.Dispose();
        _stream.OnNext(3);
        int before = projection.State;
        scheduler.RunAll();

        Assert.That((before, projection.State, projection.Sequence), Is.EqualTo((0, 5, 3L)));
        Assert.That(_stream.Subscriptions.Select(s => s.Name), Is.EqualTo(new[] { "sum" }));
    }

    [Test]
    public void ToProjection_PolicyThatLoses_IsRefused()
    {
        var scheduler = new ManualScheduler();
        foreach (LagPolicy policy in new[] { LagPolicy.DropOldest(5), LagPolicy.Latest, LagPolicy.Fail(5) })
        {
            Assert.That(
                () => _stream.ObserveOn(scheduler).WithLagPolicy(policy).ToProjection(0, Sum),
                Throws.InvalidOperationException.With.Message.Contains($"{policy}").And.Message.Contains("projection"));
        }

        Assert.That(() => _stream.WithLagPolicy(LagPolicy.Wait(5)).ToProjection(0, Sum), Throws.InvalidOperationException);
        Assert.That(_stream.HasObservers, Is.False);
    }

    [Test]
    public async Task ToProjection_WaitPolicy_HoldsPublishersBack()
    {
        var scheduler = new ManualScheduler();
        using EventProjection<int, int> projection = _stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.Wait(2)).ToProjection(0, Sum);
        await _stream.OnNextAsync(1);
        await _stream.OnNextAsync(2);
        ValueTask<long> third = _stream.OnNextAsync(3);
        Assert.That(third.IsCompleted, Is.False);
        scheduler.RunAll();
        long sequence = await third.AsTask().WaitAsync(Eventually.Limit);
        Task reached = projection.WhenReachedAsync(sequence);
        scheduler.RunAll();

        await Eventually.Ends(reached);
        Assert.That(projection.State, Is.EqualTo(6));
    }

    /// <summary>Joining while another thread publishes: the state and what follows it are every event, once.</summary>
    [Test]
    public void FollowAndOpenReader_DuringEvents_MissAndRepeatNothing([Values] bool isReader) =>
        Race.Run(
            1_500,
            () =>
            {
                EventStream<int> stream = configuration.Create<int>();
                return new Joining(stream, stream.ToProjection(0, Sum));
            },
            joining =>
            {
                for (int i = 0; i < 8; i++)
                {
                    joining.Stream.OnNext(1);
                }
            },
            joining =>
            {
                if (isReader)
                {
                    joining.Reader = joining.Projection.OpenReader(out int state);
                    joining.State = state;
                }
                else
                {
                    joining.Projection.Follow(state => joining.State = state, joining.Observer);
                }
            },
            joining =>
            {
                Assert.That(joining.State + (joining.Reader?.Count ?? joining.Observer.Count), Is.EqualTo(8));
                Assert.That(joining.Projection.State, Is.EqualTo(8));
                joining.Stream.Dispose();
            });

    private static int Sum(int sum, int value) => sum + value;

    private static int Apply(int sum, int value) => value == Poison ? throw Marbles.Error : sum + value;

    private EventStream<int> Retaining(Retention retention) => new(new EventStreamOptions
    {
        SingleWriter = configuration.SingleWriter, SegmentCapacity = configuration.SegmentCapacity, Retention = retention,
    });

    private void End(bool isError)
    {
        if (isError)
        {
            _stream.OnError(Marbles.Error);
        }
        else
        {
            _stream.OnCompleted();
        }
    }

    private sealed record Joining(EventStream<int> Stream, EventProjection<int, int> Projection)
    {
        public RecordingObserver<int> Observer { get; } = new();

        public int State { get; set; }

        public EventReader<int>? Reader { get; set; }
    }
}

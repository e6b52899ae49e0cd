namespace Rx.Tests.Contract;

/// <summary>Delivery on the publishing thread, where its guarantees are stronger than those of <c>Subject&lt;T&gt;</c> or differ from them.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class InlineDeliveryTests(StreamConfiguration configuration)
{
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void OnNext_FromInsideAnObserver_ComesAfterTheCurrentEvent()
    {
        var calls = new List<string>();
        _stream.Subscribe(value =>
        {
            calls.Add($"a{value}");
            if (value < 3)
            {
                _stream.OnNext(value + 1);
            }

            calls.Add($"a{value} returns");
        });
        _stream.Subscribe(value => calls.Add($"b{value}"));

        _stream.OnNext(1);

        Assert.That(calls, Is.EqualTo(new[] { "a1", "a1 returns", "b1", "a2", "a2 returns", "b2", "a3", "a3 returns", "b3" }));
    }

    [Test]
    public void OnNext_FromInsideTwoObservers_OneOrderForAllObservers()
    {
        RecordingObserver<int>[] observers = [new(Answer), new(Answer), new()];
        foreach (RecordingObserver<int> observer in observers)
        {
            _stream.Subscribe(observer);
        }

        _stream.OnNext(1);

        Assert.That(observers.Select(o => o.Values), Is.All.EqualTo(new[] { 1, 10, 10, 100, 100, 100, 100 }));
        Assert.That(observers.SelectMany(o => o.Violations), Is.Empty);

        void Answer(int value)
        {
            if (value < 100)
            {
                _stream.OnNext(value * 10);
            }
        }
    }

    [Test]
    public void OnNext_FromInsideRepeatedly_DoesNotGrowTheStack()
    {
        const int Depth = 200_000;
        long last = 0;
        _stream.Subscribe(value =>
        {
            last = value;
            if (value < Depth)
            {
                _stream.OnNext(value + 1);
            }
        });

        _stream.OnNext(1);

        Assert.That(last, Is.EqualTo(Depth));
    }

    [Test]
    public void OnCompleted_FromInsideAnObserver_ComesAfterTheCurrentEvent()
    {
        var first = new RecordingObserver<int>(value =>
        {
            if (value == 1)
            {
                _stream.OnNext(2);
                _stream.OnCompleted();
                _stream.OnNext(3);
            }
        });
        var second = new RecordingObserver<int>();
        _stream.Subscribe(first);
        _stream.Subscribe(second);

        _stream.OnNext(1);

        foreach (RecordingObserver<int> observer in new[] { first, second })
        {
            Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2 }));
            Assert.That(observer.IsCompleted, Is.True);
            Assert.That(observer.Violations, Is.Empty);
        }
    }

    [Test]
    public void OnError_FromInsideAnObserver_DoesNotOvertakeQueuedEvents()
    {
        var error = new InvalidOperationException();
        var second = new RecordingObserver<int>();
        _stream.Subscribe(value =>
        {
            if (value == 1)
            {
                _stream.OnNextRange([2, 3]);
                _stream.OnError(error);
            }
        });
        _stream.Subscribe(second);

        // The first observer has no error handler, so Rx throws the error on the delivering thread.
        Assert.That(() => _stream.OnNext(1), Throws.Exception.SameAs(error));

        Assert.That(second.Values, Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(second.Error, Is.SameAs(error));
    }

    [Test]
    public void Subscribe_AfterAQueuedEvent_StartsAfterIt()
    {
        var late = new RecordingObserver<int>();
        _stream.Subscribe(new RecordingObserver<int>(value =>
        {
            if (value == 1)
            {
                _stream.OnNext(2);
                _stream.Subscribe(late);
                _stream.OnNext(3);
            }
        }));

        _stream.OnNext(1);

        Assert.That(late.Values, Is.EqualTo(new[] { 3 }));
    }

    [Test]
    public void Resubscribe_FromInsideAnObserver_StartsWithTheNextEvent()
    {
        var observer = new RecordingObserver<int>();
        IDisposable? subscription = null;
        _stream.Subscribe(_ =>
        {
            subscription?.Dispose();
            subscription = _stream.Subscribe(observer);
        });

        for (int i = 0; i < 5; i++)
        {
            _stream.OnNext(i);
        }

        // Each subscription is disposed before its first event reaches it.
        Assert.That(observer.Values, Is.Empty);
        Assert.That(_stream.Subscriptions, Has.Count.EqualTo(2));
    }

    [Test]
    public void OnNext_ObserverThrows_EveryOtherStillGetsTheEvent()
    {
        var error = new InvalidOperationException();
        RecordingObserver<int> before = new(), after = new(), thrower = new(value =>
        {
            if (value == 1)
            {
                throw error;
            }
        });
        _stream.Subscribe(before);
        _stream.Subscribe(thrower);
        _stream.Subscribe(after);

        Assert.That(() => _stream.OnNext(1), Throws.Exception.SameAs(error));
        _stream.OnNext(2);

        foreach (RecordingObserver<int> observer in new[] { before, thrower, after })
        {
            Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2 }));
        }
    }

    [Test]
    public void OnNext_SeveralObserversThrow_AggregateExceptionInOrder()
    {
        Exception[] errors = [new InvalidOperationException("a"), new ArgumentException("b"), new FormatException("c")];
        var last = new RecordingObserver<int>();
        foreach (Exception error in errors)
        {
            _stream.Subscribe(new RecordingObserver<int>(_ => throw error));
        }

        _stream.Subscribe(last);

        Assert.That(
            () => _stream.OnNext(1),
            Throws.TypeOf<AggregateException>().With.Property(nameof(AggregateException.InnerExceptions)).EqualTo(errors));
        Assert.That(last.Values, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void OnNext_ObserverThrowsForQueuedEvents_OuterOnNextThrowsAll()
    {
        var observer = new RecordingObserver<int>(value =>
        {
            if (value == 1)
            {
                _stream.OnNextRange([2, 3]);
            }

            throw new InvalidOperationException($"{value}");
        });
        _stream.Subscribe(observer);

        AggregateException error = Assert.Throws<AggregateException>(() => _stream.OnNext(1))!;

        Assert.That(error.InnerExceptions.Select(e => e.Message), Is.EqualTo(new[] { "1", "2", "3" }));
        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(() => _stream.OnNext(4), Throws.InvalidOperationException.With.Message.EqualTo("4"));
    }

    [Test]
    public void OnCompleted_ObserverThrows_OthersStillComplete()
    {
        var error = new InvalidOperationException();
        var after = new RecordingObserver<int>();
        _stream.Subscribe(new RecordingObserver<int>(onEnd: () => throw error));
        _stream.Subscribe(after);

        Assert.That(_stream.OnCompleted, Throws.Exception.SameAs(error));

        Assert.That(after.IsCompleted, Is.True);
    }

    [Test]
    public void OnNext_ObserverDisposesTheStream_NoFurtherCall()
    {
        var after = new RecordingObserver<int>();
        var first = new RecordingObserver<int>(_ =>
        {
            _stream.OnNext(2);
            _stream.Dispose();
        });
        _stream.Subscribe(first);
        _stream.Subscribe(after);

        _stream.OnNext(1);

        Assert.That(first.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(after.Values, Is.Empty);
        Assert.That(after.IsEnded, Is.False);
        Assert.That(() => _stream.OnNext(3), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void OnNext_AllUnsubscribed_NextSubscriberGetsLaterEvents()
    {
        for (int round = 0; round < 5; round++)
        {
            var observer = new RecordingObserver<int>();
            using (_stream.Subscribe(observer))
            {
                _stream.OnNext(round);
                _stream.OnNext(round);
            }

            _stream.OnNext(-1);
            _stream.OnNext(-1);
            Assert.That(observer.Values, Is.EqualTo(new[] { round, round }));
        }
    }

    [Test]
    public async Task Unsubscribe_CallRunsOnAnotherThread_ThatCallIsTheLast()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var observer = new RecordingObserver<int>(_ =>
        {
            entered.Set();
            Eventually.IsSet(release, "The test releases the observer.");
        });
        IDisposable subscription = _stream.Subscribe(observer);
        Task delivering = Eventually.OnThread(() =>
        {
            _stream.OnNext(1);
            _stream.OnNext(2);
            _stream.OnCompleted();
        });
        Eventually.IsSet(entered, "The first event is in delivery.");

        // If this waited for the observer, the test would hang here.
        subscription.Dispose();
        release.Set();
        await Eventually.Ends(delivering);

        Assert.That(observer.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(observer.IsEnded, Is.False);
    }

    [Test]
    public void OnNextRange_Events_EachIsDeliveredBeforeItReturns()
    {
        var calls = new List<string>();
        _stream.Subscribe(value => calls.Add($"a{value}"));
        _stream.Subscribe(value => calls.Add($"b{value}"));

        _stream.OnNextRange([1, 2, 3]);
        _stream.OnNextRange([]);
        _stream.OnNext(4);

        Assert.That(calls, Is.EqualTo(new[] { "a1", "b1", "a2", "b2", "a3", "b3", "a4", "b4" }));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(63)]
    [TestCase(1_000)]
    public void OnNextRange_AcrossSegments_AllInOrder(int count)
    {
        int[] values = [.. Enumerable.Range(0, count)];
        var observer = new RecordingObserver<int>();
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.Subscribe(observer);

        _stream.OnNextRange(values);
        _stream.OnNextRange(values);

        int[] expected = [.. values, .. values];
        var late = new RecordingObserver<int>();
        start.AsObservable().Subscribe(late);
        Assert.That(observer.Values, Is.EqualTo(expected));
        Assert.That(late.Values, Is.EqualTo(expected));
        Assert.That(_stream.NextSequence, Is.EqualTo(2 * count));
    }

    [Test]
    public void OnNextRange_ArrayChangedAfterwards_EventsAreCopies()
    {
        int[] values = [1, 2, 3];
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange(values);
        values.AsSpan().Clear();

        var observer = new RecordingObserver<int>();
        start.AsObservable().Subscribe(observer);

        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2, 3 }));
    }

    [Test]
    public void OnNextRange_FromInsideAnObserver_IsQueuedAsOneRun()
    {
        var second = new RecordingObserver<int>();
        RecordingObserver<int> first = new(value =>
        {
            if (value == 1)
            {
                _stream.OnNextRange([10, 11, 12]);
                _stream.OnNext(2);
            }
        });
        _stream.Subscribe(first);
        _stream.Subscribe(second);

        _stream.OnNext(1);

        Assert.That(first.Values, Is.EqualTo(new[] { 1, 10, 11, 12, 2 }));
        Assert.That(second.Values, Is.EqualTo(first.Values));
    }

    [Test]
    public void OnNextRange_AfterTheEndOrDisposal_SameAsOnNext()
    {
        var observer = new RecordingObserver<int>();
        _stream.Subscribe(observer);
        _stream.OnCompleted();

        _stream.OnNextRange([1, 2]);
        Assert.That(observer.Values, Is.Empty);

        _stream.Dispose();
        Assert.That(() => _stream.OnNextRange([1, 2]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => _stream.OnNextRange([]), Throws.TypeOf<ObjectDisposedException>());
    }
}

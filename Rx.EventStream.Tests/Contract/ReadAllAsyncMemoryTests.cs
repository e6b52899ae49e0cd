using System.Reactive.Linq;
using System.Reactive.Subjects;
using System.Runtime.CompilerServices;

namespace Rx.Tests.Contract;

/// <summary>A running <c>await foreach</c> keeps only what it has not read, whatever it was started from.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
[Category("Slow")]
internal sealed class ReadAllAsyncMemoryTests(StreamConfiguration configuration)
{
    /// <summary>More than the segments that a reader can be in or next to.</summary>
    private const int Events = 4_000;

    /// <summary>Events of the newest segments may be alive: a segment lets go of its events as one.</summary>
    private const int Read = 2_000;

    private const int Bound = 8;

    private EventStream<object> _stream = null!;

    /// <summary>One policy of each kind.</summary>
    private static LagPolicy[] Policies { get; } =
        [LagPolicy.Unbounded, LagPolicy.Latest, LagPolicy.DropOldest(Bound), LagPolicy.Fail(Bound), LagPolicy.Wait(Bound)];

    private static IEnumerable<TestCaseData> Starts =>
        from start in new[] { "stream", "position", "observable", "snapshot", "where" }
        from policy in Policies
        select new TestCaseData(start, policy);

    [SetUp]
    public void SetUp() => _stream = configuration.Create<object>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [TestCaseSource(nameof(Starts))]
    public async Task ReadAllAsync_Running_KeepsOnlyTheUnread(string start, LagPolicy policy)
    {
        await using IAsyncEnumerator<object> events = Start(start, policy);

        await AssertKeepsOnlyTheUnread(events, _stream);
    }

    [TestCaseSource(nameof(Policies))]
    public async Task ReadAllAsync_OfASubject_KeepsOnlyTheUnread(LagPolicy policy)
    {
        using var subject = new Subject<object>();
        await using IAsyncEnumerator<object> events = subject.ReadAllAsync(policy).GetAsyncEnumerator();

        await AssertKeepsOnlyTheUnread(events, subject);
    }

    [TestCaseSource(nameof(Policies))]
    public async Task ReadAllAsync_OfAStreamAsASource_KeepsOnlyTheUnread(LagPolicy policy)
    {
        await using IAsyncEnumerator<object> events = StartAsSource(policy, isWrapped: false);

        await AssertKeepsOnlyTheUnread(events, _stream);
    }

    [TestCaseSource(nameof(Policies))]
    public async Task ReadAllAsync_OfOperatorsOnAPosition_KeepsOnlyTheUnread(LagPolicy policy)
    {
        await using IAsyncEnumerator<object> events = StartAsSource(policy, isWrapped: true);

        await AssertKeepsOnlyTheUnread(events, _stream);
    }

    [Test]
    public async Task ReadAllAsync_EnumerableHeld_KeepsOnlyTheUnread()
    {
        IAsyncEnumerable<object> enumerable = StartEnumerable();
        await using IAsyncEnumerator<object> events = enumerable.GetAsyncEnumerator();

        await AssertKeepsOnlyTheUnread(events, _stream);
        GC.KeepAlive(enumerable);
    }

    [Test]
    public async Task ReadAllAsync_NotBegun_KeepsItsEvents()
    {
        IAsyncEnumerable<object> enumerable = StartEnumerable();
        WeakReference first = Publish(_stream);

        Collect();

        Assert.That(first.IsAlive, Is.True);
        await using IAsyncEnumerator<object> events = enumerable.GetAsyncEnumerator();
        Assert.That(await Eventually.Ends(events.MoveNextAsync()), Is.True);
        Assert.That(events.Current, Is.SameAs(first.Target));
    }

    [Test]
    public async Task ReadAllAsync_SecondEnumeration_StartsAtTheHeldPosition()
    {
        EventPosition<object> position = _stream.GetNextPosition();
        IAsyncEnumerable<object> enumerable = position.ReadAllAsync();
        for (int i = 0; i < 3; i++)
        {
            await using IAsyncEnumerator<object> events = enumerable.GetAsyncEnumerator();
            ValueTask<bool> move = events.MoveNextAsync();
            if (i == 0)
            {
                _stream.OnNext("first");
            }

            Assert.That(await Eventually.Ends(move), Is.True);
            Assert.That(events.Current, Is.EqualTo("first"));
            _stream.OnNext("later");
            Collect();
        }

        GC.KeepAlive(position);
    }

    [Test]
    public async Task ReadAllAsync_SecondEnumerationWithoutThePosition_SaysWhatToDo()
    {
        IAsyncEnumerable<object> enumerable = StartEnumerable();
        await using (IAsyncEnumerator<object> events = enumerable.GetAsyncEnumerator())
        {
            await AssertKeepsOnlyTheUnread(events, _stream);
        }

        await using IAsyncEnumerator<object> again = enumerable.GetAsyncEnumerator();

        Assert.That(async () => await again.MoveNextAsync(), Throws.InvalidOperationException.With.Message.Contains("Hold the position"));
    }

    [Test]
    public async Task ReadAllAsync_SecondEnumerationOfRetainedEvents_StartsAgain()
    {
        using var stream = new EventStream<object>(new EventStreamOptions
        {
            SingleWriter = configuration.SingleWriter,
            SegmentCapacity = configuration.SegmentCapacity,
            Retention = Retention.All,
        });
        stream.OnNext("before");
        IAsyncEnumerable<object> enumerable = StartEnumerable(stream);
        stream.OnNext("first");
        for (int i = 0; i < 3; i++)
        {
            await using IAsyncEnumerator<object> events = enumerable.GetAsyncEnumerator();
            Assert.That(await Eventually.Ends(events.MoveNextAsync()), Is.True);
            Assert.That(events.Current, Is.EqualTo("first"));
            Collect();
        }
    }

    [Test]
    public void ReadAllAsync_PositionDisposedBeforeTheStart_Throws()
    {
        EventPosition<object> position = _stream.GetNextPosition();
        IAsyncEnumerable<object> enumerable = position.ReadAllAsync();
        position.Dispose();

        Assert.That(async () => await enumerable.GetAsyncEnumerator().MoveNextAsync(), Throws.TypeOf<ObjectDisposedException>());
    }

    /// <summary>Publishes and reads in turn, so that no policy drops anything, and then looks which events are alive.</summary>
    private static async Task AssertKeepsOnlyTheUnread(IAsyncEnumerator<object> events, IObserver<object> publisher)
    {
        WeakReference[] published = await ReadEvents(events, publisher);

        Collect();

        Assert.That(published.Take(Read).Count(static e => e.IsAlive), Is.Zero);
        GC.KeepAlive(events);
        GC.KeepAlive(publisher);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference[]> ReadEvents(IAsyncEnumerator<object> events, IObserver<object> publisher)
    {
        var published = new WeakReference[Events];
        for (int i = 0; i < Events; i++)
        {
            ValueTask<bool> move = events.MoveNextAsync();
            published[i] = Publish(publisher);
            Assert.That(move.IsCompleted ? move.Result : await Eventually.Ends(move), Is.True);
        }

        return published;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Publish(IObserver<object> publisher)
    {
        object value = new();
        publisher.OnNext(value);
        return new WeakReference(value);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private IAsyncEnumerator<object> Start(string start, LagPolicy policy)
    {
        switch (start)
        {
            case "stream":
                return _stream.WithLagPolicy(policy).ReadAllAsync().GetAsyncEnumerator();
            case "position":
                return policy == LagPolicy.Unbounded
                    ? _stream.GetNextPosition().ReadAllAsync().GetAsyncEnumerator()
                    : _stream.GetNextPosition().AsObservable().WithLagPolicy(policy).ReadAllAsync().GetAsyncEnumerator();
            case "observable":
                return _stream.From(_stream.GetNextPosition()).WithLagPolicy(policy).ReadAllAsync().GetAsyncEnumerator();
            case "where":
                return _stream.From(_stream.GetNextPosition()).WithLagPolicy(policy).ReadAllAsync().Where(static _ => true).GetAsyncEnumerator();
            default:
                using (EventProjection<int, object> projection = _stream.ToProjection(0, static (count, _) => count + 1))
                {
                    return projection.Current.Position.AsObservable().WithLagPolicy(policy).ReadAllAsync().GetAsyncEnumerator();
                }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private IAsyncEnumerator<object> StartAsSource(LagPolicy policy, bool isWrapped)
    {
        IObservable<object> source = _stream.GetNextPosition().AsObservable();
        return (isWrapped ? source.Where(static _ => true) : source).ReadAllAsync(policy).GetAsyncEnumerator();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private IAsyncEnumerable<object> StartEnumerable(EventStream<object>? stream = null) => (stream ?? _stream).GetNextPosition().ReadAllAsync();

    private static void Collect()
    {
        // Twice: the finalizer of a position closes segments, and what only those kept is collected next.
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        GC.Collect();
    }
}

using System.Reactive.Linq;
using System.Runtime.CompilerServices;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>Pulling events with their sequence numbers: with a reader of the stream, under each lag policy.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class ReadSequencedTests(StreamConfiguration configuration)
{
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public async Task ReadAllAsync_WithSequence_UsesAReaderOfTheStream([Values] bool asObservable)
    {
        IObservable<Sequenced<int>> source = asObservable
            ? _stream.WithName("mine").WithLagPolicy(LagPolicy.Fail(1)).WithSequence()
            : _stream.WithSequence();
        _stream.OnNext(9);
        await using IAsyncEnumerator<Sequenced<int>> reading = source.ReadAllAsync(LagPolicy.Unbounded).GetAsyncEnumerator();
        Assert.That(_stream.Subscriptions, Is.Empty);

        ValueTask<bool> move = reading.MoveNextAsync();
        _stream.OnNextRange([10, 11]);

        Assert.That(_stream.HasObservers, Is.False, "It is read, with nothing in between.");
        Assert.That(_stream.Subscriptions.Single().Name, Is.EqualTo(asObservable ? "mine" : null));
        Assert.That((await Eventually.Ends(move), reading.Current), Is.EqualTo((true, new Sequenced<int>(1, 10))));
        Assert.That((await Eventually.Ends(reading.MoveNextAsync()), reading.Current), Is.EqualTo((true, new Sequenced<int>(2, 11))));
        Assert.That(_stream.Subscriptions.Single().Sequence, Is.EqualTo(3));
        await reading.DisposeAsync();
        Assert.That(_stream.Subscriptions, Is.Empty);
    }

    [Test]
    public async Task ReadAllAsync_Dropped_NumbersHaveGaps([Values] bool isLatest)
    {
        await using IAsyncEnumerator<Sequenced<int>> reading =
            _stream.WithSequence().ReadAllAsync(isLatest ? LagPolicy.Latest : LagPolicy.DropOldest(2)).GetAsyncEnumerator();
        ValueTask<bool> move = reading.MoveNextAsync();
        _stream.OnNext(0);
        await Eventually.Ends(move);
        List<long> numbers = [reading.Current.Sequence];

        _stream.OnNextRange([1, 2, 3, 4, 5]);
        _stream.OnCompleted();
        while (await Eventually.Ends(reading.MoveNextAsync()))
        {
            Assert.That(reading.Current.Value, Is.EqualTo(reading.Current.Sequence));
            numbers.Add(reading.Current.Sequence);
        }

        Assert.That(numbers, Is.EqualTo(isLatest ? new long[] { 0, 5 } : [0, 4, 5]));
    }

    [Test]
    public async Task ReadAllAsync_Wait_HoldsPublishersBack()
    {
        await using IAsyncEnumerator<Sequenced<int>> reading =
            _stream.WithSequence().ReadAllAsync(LagPolicy.Wait(1)).GetAsyncEnumerator();
        ValueTask<bool> move = reading.MoveNextAsync();
        _stream.OnNext(0);
        await Eventually.Ends(move);
        _stream.OnNext(1);

        Task<long> publishing = _stream.OnNextAsync(2).AsTask();
        Assert.That(publishing.IsCompleted, Is.False);
        await Eventually.Ends(reading.MoveNextAsync());

        Assert.That(await Eventually.Ends(publishing), Is.EqualTo(2));
    }

    [Test]
    public void ReadAllAsync_TheStreamFails_ThrowsAfterWhatIsLeft()
    {
        var seen = new List<Sequenced<int>>();
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange([5, 6]);
        _stream.OnError(Marbles.Error);

        Assert.That(
            async () =>
            {
                await foreach (Sequenced<int> e in start.AsObservable().WithSequence().ReadAllAsync(LagPolicy.Unbounded))
                {
                    seen.Add(e);
                }
            },
            Throws.Exception.SameAs(Marbles.Error));

        Assert.That(seen, Is.EqualTo(new Sequenced<int>[] { new(0, 5), new(1, 6) }));
    }

    [Test]
    public void ReadAllAsync_CancelledInTheLoop_ThrowsWithTheToken()
    {
        using var cancellation = new CancellationTokenSource();
        using EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange([5, 6]);

        Assert.That(
            async () =>
            {
                await foreach (Sequenced<int> e in start.AsObservable().WithSequence().ReadAllAsync(LagPolicy.Unbounded, cancellation.Token))
                {
                    await cancellation.CancelAsync();
                }
            },
            Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancellation.Token));
        Assert.That(_stream.Subscriptions, Is.Empty);
    }

    /// <summary>As <c>ReadAllAsync</c> of an observable: a running enumeration does not keep the position that it started from.</summary>
    [Test]
    public async Task ReadAllAsync_FromAPosition_KeepsOnlyWhatIsNotRead()
    {
        using var stream = new EventStream<object>(configuration.Options);
        IAsyncEnumerable<Sequenced<object>> events = FromNext(stream);
        await using IAsyncEnumerator<Sequenced<object>> reading = events.GetAsyncEnumerator();
        WeakReference first = Publish(stream);
        Assert.That(await Eventually.Ends(reading.MoveNextAsync()), Is.True);
        for (int i = 0; i < 200; i++)
        {
            stream.OnNext(new object());
            await Eventually.Ends(reading.MoveNextAsync());
        }

        Eventually.IsTrue(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !first.IsAlive;
            },
            "The first event is collected.");
        GC.KeepAlive(events);
        Assert.That(reading.Current.Sequence, Is.EqualTo(200));
    }

    [Test]
    public void Subscribe_WithSequence_StillObserves()
    {
        var seen = new List<Sequenced<int>>();
        using IDisposable subscription = _stream.WithSequence().Where(static e => e.Value > 5).Subscribe(seen.Add);

        _stream.OnNextRange([5, 6]);

        Assert.That(seen, Is.EqualTo(new Sequenced<int>[] { new(1, 6) }));
        Assert.That(() => _stream.WithSequence().Subscribe((IObserver<Sequenced<int>>)null!), Throws.ArgumentNullException);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IAsyncEnumerable<Sequenced<object>> FromNext(EventStream<object> stream) =>
        stream.GetNextPosition().AsObservable().WithSequence().ReadAllAsync(LagPolicy.Unbounded);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Publish(EventStream<object> stream)
    {
        var value = new object();
        stream.OnNext(value);
        return new WeakReference(value);
    }
}

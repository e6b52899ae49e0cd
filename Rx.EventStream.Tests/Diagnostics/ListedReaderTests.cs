using System.Runtime.CompilerServices;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Diagnostics;

/// <summary>Readers in the list of subscriptions.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class ListedReaderTests(StreamConfiguration configuration)
{
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void Subscriptions_Reader_ReportsItsFigures()
    {
        _stream.OnNext(0);
        using EventReader<int> reader = _stream.WithName("audit").WithLagPolicy(LagPolicy.DropOldest(3)).OpenReader();
        _stream.Subscribe(static _ => { });
        _stream.OnNextRange([1, 2, 3, 4, 5]);
        reader.TryRead(out int read);

        EventSubscription listed = _stream.Subscriptions[^1];

        Assert.That(_stream.Subscriptions, Has.Count.EqualTo(2));
        Assert.That(read, Is.EqualTo(3));
        Assert.That(
            (listed.Name, listed.Sequence, listed.Lag, listed.Delivered, listed.Dropped, listed.IsDisposed),
            Is.EqualTo(("audit", 4L, 2L, 1L, 2L, false)));
    }

    [Test]
    public void Dispose_Reader_LeavesTheList()
    {
        EventReader<int> reader = _stream.OpenReader();
        EventSubscription listed = _stream.Subscriptions.Single();
        _stream.OnNextRange([1, 2]);
        reader.TryRead(out _);

        reader.Dispose();

        Assert.That(_stream.Subscriptions, Is.Empty);
        Assert.That((listed.Sequence, listed.Delivered, listed.Lag, listed.IsDisposed), Is.EqualTo((1L, 1L, 0L, true)));
    }

    /// <summary>A reader that no code reads holds publishers back; the list finds and ends it.</summary>
    [Test]
    public async Task DisposeListed_ReaderThatNoCodeReads_LetsPublishersGo()
    {
        EventReader<int> reader = _stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        _stream.OnNext(1);
        Task waiting = _stream.OnNextAsync(2).AsTask();
        bool wasDone = waiting.IsCompleted;

        _stream.Subscriptions.Single().Dispose();
        await Eventually.Ends(waiting);

        Assert.That(wasDone, Is.False);
        Assert.That(() => reader.TryRead(out _), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Subscriptions_ReaderThatHasEnded_IsNotListed([Values] bool hasFailed)
    {
        using EventReader<int> reader = _stream.WithLagPolicy(hasFailed ? LagPolicy.Fail(1) : LagPolicy.Unbounded).OpenReader();
        EventSubscription listed = _stream.Subscriptions.Single();
        _stream.OnNextRange([1, 2]);
        if (!hasFailed)
        {
            _stream.OnCompleted();
        }

        bool wasListed = _stream.Subscriptions.Count == 1;
        while (reader.TryRead(out _))
        {
        }

        if (hasFailed)
        {
            Assert.That(async () => await reader.WaitToReadAsync(), Throws.TypeOf<SubscriberLaggedException>());
            Assert.That(listed.Error, Is.TypeOf<SubscriberLaggedException>());
        }

        Assert.That(wasListed, Is.True);
        Assert.That(_stream.Subscriptions, Is.Empty);
        Assert.That(listed.IsDisposed, Is.True);
    }

    [Test]
    public void Subscriptions_ReaderDropped_LeavesTheList()
    {
        Open();

        Eventually.IsTrue(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return _stream.Subscriptions.Count == 0;
            },
            "The reader is collected.");

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Open() => _stream.WithLagPolicy(LagPolicy.Wait(2)).OpenReader();
    }

    [Test]
    public void WhenCaughtUpAsync_ReaderThatLags_DoesNotWaitForIt()
    {
        using EventReader<int> reader = _stream.OpenReader();
        _stream.OnNext(1);

        Assert.That(_stream.WhenCaughtUpAsync().IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public void DisposeStream_ReaderWaits_EndsAsBefore()
    {
        using EventReader<int> reader = _stream.OpenReader();
        Task<bool> waiting = reader.WaitToReadAsync().AsTask();

        _stream.Dispose();

        Assert.That(async () => await Eventually.Ends(waiting), Throws.TypeOf<ObjectDisposedException>());
    }

    /// <summary>A supervisor disposes a reader that its owner is reading.</summary>
    [Test]
    public void DisposeListed_WhileItsOwnerReads_ReadsRightEventsUntilThen() =>
        Race.Run(
            500,
            () => new Reading(configuration),
            static state => state.ReadAll(),
            static state => state.Listed.Dispose(),
            static state => state.Check());

    private sealed class Reading
    {
        private const int Events = 100;

        private readonly EventStream<int> _stream;
        private readonly EventReader<int> _reader;
        private readonly List<int> _read = [];

        internal Reading(StreamConfiguration configuration)
        {
            _stream = configuration.Create<int>();
            _reader = _stream.OpenReader();
            Listed = _stream.Subscriptions.Single();
            for (int i = 0; i < Events; i++)
            {
                _stream.OnNext(i);
            }
        }

        internal EventSubscription Listed { get; }

        internal void ReadAll()
        {
            try
            {
                while (_reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
                {
                    while (_reader.TryRead(out int value))
                    {
                        _read.Add(value);
                    }
                }
            }
            catch (ObjectDisposedException)
            {
            }
        }

        internal void Check()
        {
            Assert.That(_read, Is.EqualTo(Enumerable.Range(0, _read.Count)));
            Assert.That(_stream.Subscriptions, Is.Empty);
            Assert.That(_stream.Log.CountSegments(), Is.LessThanOrEqualTo(2)); // the tail, and the segment that the reader prepared
        }
    }
}

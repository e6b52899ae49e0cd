using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Rx.Operators;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary><c>ToEventStream</c> of an asynchronous enumerable: what is published, where the source runs, and how both end.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class EnumerableToEventStreamTests(StreamConfiguration configuration)
{
    private Source _source = null!;
    private RecordingObserver<int> _observer = null!;

    private EventStreamOptions Retaining => new()
    {
        SingleWriter = configuration.SingleWriter,
        SegmentCapacity = configuration.SegmentCapacity,
        Retention = Retention.All,
    };

    [SetUp]
    public void SetUp()
    {
        _source = new Source();
        _observer = new RecordingObserver<int>();
    }

    [Test]
    public void ToEventStream_Null_Throws() =>
        Assert.That(() => ((IAsyncEnumerable<int>)null!).ToEventStream(), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("source"));

    [Test]
    public void ToEventStream_SourceCompletes_AllThenTheCompletion()
    {
        _source.Write(1, 2, 3);
        _source.End(null);
        using EventStream<int> stream = _source.ToEventStream(Retaining);
        stream.Subscribe(_observer);

        AwaitEnd();

        Assert.That(_observer.Values, Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That((_observer.IsCompleted, _source.Enumerations, _source.Disposals), Is.EqualTo((true, 1, 1)));
        Assert.That(_observer.Violations, Is.Empty);
    }

    [Test]
    public void ToEventStream_SourceFails_ErrorOnceAfterTheDisposal([Values] bool isCancellation)
    {
        Exception error = isCancellation ? new OperationCanceledException("of the source") : Marbles.Error;
        int disposals = -1;
        var observer = new RecordingObserver<int>(onEnd: () => disposals = _source.Disposals);
        using EventStream<int> stream = _source.ToEventStream(Retaining);
        stream.Subscribe(observer);

        _source.Write(1);
        _source.End(error);
        Eventually.IsTrue(() => observer.IsEnded, "The observer ends.");

        Assert.That((observer.Values, disposals), Is.EqualTo((new[] { 1 }, 1)));
        Assert.That(observer.Error, Is.SameAs(error));
        Assert.That(observer.Violations, Is.Empty);
    }

    [Test]
    public void ToEventStream_EnumeratingThrowsAtOnce_IsTheError()
    {
        using EventStream<int> stream = new Throwing(Marbles.Error).ToEventStream(Retaining);
        stream.Subscribe(_observer);

        AwaitEnd();

        Assert.That(_observer.Error, Is.SameAs(Marbles.Error));
    }

    [Test]
    public void ToEventStream_DisposingThrows_IsTheErrorUnlessTheSourceHasFailed([Values] bool hasFailed)
    {
        var disposal = new InvalidOperationException("the disposal");
        _source.OnDispose = () => throw disposal;
        _source.Write(1);
        _source.End(hasFailed ? Marbles.Error : null);
        using EventStream<int> stream = _source.ToEventStream(Retaining);
        stream.Subscribe(_observer);

        AwaitEnd();

        Assert.That(_observer.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(_observer.Error, Is.SameAs(hasFailed ? Marbles.Error : disposal));
    }

    [Test]
    public void Dispose_SourceWaits_CancelsAndDisposesIt([Values] bool disposalThrows)
    {
        if (disposalThrows)
        {
            _source.OnDispose = static () => throw new InvalidOperationException("has no observer");
        }

        EventStream<int> stream = _source.ToEventStream(configuration.Options);
        stream.Subscribe(_observer);
        _source.Write(1);
        Eventually.IsTrue(() => _observer.Count == 1, "The first event arrives.");

        stream.Dispose();

        Assert.That(_source.Token.IsCancellationRequested, Is.True);
        Eventually.IsTrue(() => _source.Disposals == 1, "The enumerator is disposed.");
        Assert.That((_observer.Values, _observer.IsEnded), Is.EqualTo((new[] { 1 }, false)));
    }

    [Test]
    public void Dispose_SourceIgnoresTheToken_EndsWithItsNextEvent()
    {
        _source.IgnoresTheToken = true;
        EventStream<int> stream = _source.ToEventStream(configuration.Options);
        stream.Subscribe(_observer);
        _source.Write(1);
        Eventually.IsTrue(() => _observer.Count == 1, "The first event arrives.");

        stream.Dispose();
        Assert.That(_source.Disposals, Is.Zero);
        _source.Write(2);

        Eventually.IsTrue(() => _source.Disposals == 1, "The enumerator is disposed.");
        Assert.That(_observer.Values, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void Dispose_ACallbackOfTheTokenThrows_LeavesDispose()
    {
        EventStream<int> stream = _source.ToEventStream(configuration.Options);
        stream.Subscribe(_observer);
        _source.Write(1);
        Eventually.IsTrue(() => _observer.Count == 1, "The first event arrives.");
        using CancellationTokenRegistration registration = _source.Token.Register(static () => throw Marbles.Error);

        Assert.That(stream.Dispose, Throws.TypeOf<AggregateException>().With.InnerException.SameAs(Marbles.Error));

        Eventually.IsTrue(() => _source.Disposals == 1, "The enumerator is disposed.");
    }

    [Test]
    public void StreamEnds_OtherwiseThanByTheSource_EndsTheEnumeration()
    {
        using EventStream<int> stream = _source.ToEventStream(configuration.Options);
        stream.Subscribe(_observer);
        stream.OnCompleted();

        _source.Write(1);

        Eventually.IsTrue(() => _source.Disposals == 1, "The enumerator is disposed.");
        Assert.That((_observer.Count, _observer.IsCompleted), Is.EqualTo((0, true)));
    }

    [Test]
    public void Dispose_WhileTheSourcePublishes_DisposesItOnce()
    {
        var ended = new List<Source>();
        Race.Run(
            500,
            () =>
            {
                var source = new Source();
                ended.Add(source);
                return new Running(source, source.ToEventStream(configuration.Options));
            },
            static state => state.Source.Write(1, 2, 3),
            static state => state.Stream.Dispose(),
            static _ => { });

        // A source that was disposed before it was started is never enumerated.
        foreach (Source source in ended)
        {
            source.End(null);
            Eventually.IsTrue(() => source.Disposals == source.Enumerations, "The enumerator is disposed.");
        }

        Assert.That(ended.Select(static s => s.Disposals), Is.All.LessThanOrEqualTo(1));
    }

    [Test]
    public async Task ToEventStream_InfiniteSource_ReadAsFastAsTheSubscriberAllows()
    {
        var counter = new Counter();
        using EventStream<int> stream = counter.ToEventStream(configuration.Options); // it would never return if the caller enumerated
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Wait(3)).OpenReader();
        long joined = stream.NextSequence + 1; // one event may be published past the reader's bound while the reader joins
        int next = await Eventually.Ends(reader.ReadAsync().AsTask());

        for (int i = 1; i < 500 || reader.Sequence < joined + 500; i++)
        {
            Assert.That(await Eventually.Ends(reader.ReadAsync().AsTask()), Is.EqualTo(next + i));
            Assert.That(reader.Count, reader.Sequence > joined ? Is.LessThanOrEqualTo(3) : Is.Not.Negative);
        }

        Eventually.IsTrue(() => reader.Count == 3, "The source fills the reader's capacity.");
        long produced = counter.Produced;
        Assert.That(produced, Is.LessThanOrEqualTo(stream.NextSequence + 1), "One event waits for room.");
        stream.Dispose();
        Eventually.IsTrue(() => counter.IsDisposed, "Disposing the stream ends it.");
    }

    [Test]
    public void Dispose_InfiniteSourceWithoutSubscribers_EndsIt()
    {
        var counter = new Counter();
        EventStream<int> stream = counter.ToEventStream(configuration.Options);
        Eventually.IsTrue(() => stream.NextSequence > 2_000, "It produces whether there is an observer or not.");

        stream.Dispose();

        Eventually.IsTrue(() => counter.IsDisposed, "It ends.");
    }

    /// <summary>The enumerator that is resumed inside a delivery, by a channel that allows that, blocks no delivery: it can wait.</summary>
    [Test]
    public void SourceResumedInsideADelivery_NoRoom_WaitsForIt()
    {
        Channel<int> loop = Channel.CreateUnbounded<int>(new UnboundedChannelOptions { AllowSynchronousContinuations = true });
        var manual = new ManualScheduler();
        using EventStream<int> stream = loop.Reader.ReadAllAsync().ToEventStream(configuration.Options);
        stream.ObserveOn(manual).WithLagPolicy(LagPolicy.Wait(1)).Subscribe(new RecordingObserver<int>(value =>
        {
            _observer.OnNext(value);
            if (value < 3)
            {
                loop.Writer.TryWrite(value + 1);
            }
        }));
        loop.Writer.TryWrite(0);

        Eventually.IsTrue(
            () =>
            {
                if (manual.Count > 0)
                {
                    manual.RunOne();
                }

                return _observer.Count == 4;
            },
            "Each event arrives.");

        Assert.That(_observer.Values, Is.EqualTo(new[] { 0, 1, 2, 3 }));
    }

    [Test]
    public async Task RunAsync_AnObserverThrows_EndsTheEnumerationAndReachesNoOther([Values] bool disposalThrows)
    {
        using EventStream<int> stream = configuration.Create<int>();
        stream.Subscribe(static _ => throw Marbles.Error);
        stream.Subscribe(_observer);
        _source.OnDispose = disposalThrows ? static () => throw new InvalidOperationException() : null;
        _source.Write(1, 2);

        Task running = EnumerationFeed.RunAsync(_source, stream, CancellationToken.None);
        await running.ContinueWith(static _ => { }, TaskScheduler.Default);

        Assert.That(running.Exception?.InnerException, Is.SameAs(Marbles.Error));
        Assert.That((_observer.Values, _observer.IsEnded, _source.Disposals), Is.EqualTo((new[] { 1 }, false, 1)));
    }

    [Test]
    public void ToEventStream_CallerHasAContext_RunsOnThePoolInTheCallersExecutionContext()
    {
        var local = new AsyncLocal<int> { Value = 7 };
        (bool IsPool, SynchronizationContext? Context, int Local) seen = default;
        _source.OnStart = () => seen = (Thread.CurrentThread.IsThreadPoolThread, SynchronizationContext.Current, local.Value);
        _source.End(null);
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new QueueingContext());
        try
        {
            using EventStream<int> stream = _source.ToEventStream(Retaining);
            stream.Subscribe(_observer);
            AwaitEnd();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        Assert.That(seen, Is.EqualTo((true, (SynchronizationContext?)null, 7)));
    }

    private void AwaitEnd() => Eventually.IsTrue(() => _observer.IsEnded, "The observer ends.");

    /// <summary>A source that a test writes to.</summary>
    private sealed class Source : IAsyncEnumerable<int>
    {
        private readonly Channel<int> _channel = Channel.CreateUnbounded<int>();
        private int _enumerations;
        private int _disposals;

        internal Action? OnStart { get; set; }

        internal Action? OnDispose { get; set; }

        internal bool IgnoresTheToken { get; set; }

        internal CancellationToken Token { get; private set; }

        internal int Enumerations => Volatile.Read(ref _enumerations);

        internal int Disposals => Volatile.Read(ref _disposals);

        public IAsyncEnumerator<int> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            Token = cancellationToken;
            Interlocked.Increment(ref _enumerations);
            return new Enumerator(this, Read(IgnoresTheToken ? default : cancellationToken).GetAsyncEnumerator(CancellationToken.None));
        }

        internal void Write(params ReadOnlySpan<int> values)
        {
            foreach (int value in values)
            {
                _channel.Writer.TryWrite(value);
            }
        }

        internal void End(Exception? error) => _channel.Writer.TryComplete(error);

        private async IAsyncEnumerable<int> Read([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            OnStart?.Invoke();
            await foreach (int value in _channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return value;
            }
        }

        private sealed class Enumerator(Source source, IAsyncEnumerator<int> inner) : IAsyncEnumerator<int>
        {
            public int Current => inner.Current;

            public ValueTask<bool> MoveNextAsync() => inner.MoveNextAsync();

            public async ValueTask DisposeAsync()
            {
                await inner.DisposeAsync(); // throws if a move is still pending
                Interlocked.Increment(ref source._disposals);
                source.OnDispose?.Invoke();
            }
        }
    }

    /// <summary>Completes each move at once, forever, and ignores its token.</summary>
    private sealed class Counter : IAsyncEnumerable<int>, IAsyncEnumerator<int>
    {
        private int _current = -1;
        private bool _isDisposed;

        public int Current => _current;

        internal long Produced => Volatile.Read(ref _current) + 1L;

        internal bool IsDisposed => Volatile.Read(ref _isDisposed);

        public IAsyncEnumerator<int> GetAsyncEnumerator(CancellationToken cancellationToken = default) => this;

        public ValueTask<bool> MoveNextAsync()
        {
            Volatile.Write(ref _current, _current + 1);
            return new(true);
        }

        public ValueTask DisposeAsync()
        {
            Volatile.Write(ref _isDisposed, true);
            return default;
        }
    }

    private sealed record Running(Source Source, EventStream<int> Stream);

    private sealed class Throwing(Exception error) : IAsyncEnumerable<int>
    {
        public IAsyncEnumerator<int> GetAsyncEnumerator(CancellationToken cancellationToken = default) => throw error;
    }
}

namespace Rx.Tests.Contract;

/// <summary>Several threads publish at once, where calls of a <c>Subject&lt;T&gt;</c> would overlap.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.MultiWriter))]
internal sealed class MultiWriterDeliveryTests(StreamConfiguration configuration)
{
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public async Task OnNext_AnotherThreadDrains_ReturnsAndTheDrainerDelivers()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        int drainer = 0;
        var observer = new RecordingObserver<int>(value =>
        {
            if (value == 1)
            {
                entered.Set();
                Eventually.IsSet(release, "The test releases the observer.");
            }
        });
        var second = new RecordingObserver<int>();
        _stream.Subscribe(observer);
        _stream.Subscribe(second);

        Task delivering = Eventually.OnThread(() =>
        {
            drainer = Environment.CurrentManagedThreadId;
            _stream.OnNext(1);
        });
        Eventually.IsSet(entered, "The first event is in delivery.");

        // If these calls waited for the observer, the test would hang here.
        _stream.OnNext(2);
        _stream.OnNextRange([3, 4]);
        _stream.OnCompleted();
        Assert.That(observer.Values, Is.EqualTo(new[] { 1 }));

        release.Set();
        await Eventually.Ends(delivering);

        foreach (RecordingObserver<int> each in new[] { observer, second })
        {
            Assert.That(each.Values, Is.EqualTo(new[] { 1, 2, 3, 4 }));
            Assert.That(each.IsCompleted, Is.True);
            Assert.That(each.Threads, Is.EqualTo(new[] { drainer }));
            Assert.That(each.Violations, Is.Empty);
        }
    }

    [Test]
    public void OnNext_ObserverThrows_ExceptionLeavesTheDrainersOnNext()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var error = new InvalidOperationException();
        _stream.Subscribe(new RecordingObserver<int>(value =>
        {
            if (value == 2)
            {
                throw error;
            }

            entered.Set();
            Eventually.IsSet(release, "The test releases the observer.");
        }));
        Task delivering = Eventually.OnThread(() => _stream.OnNext(1));
        Eventually.IsSet(entered, "The first event is in delivery.");

        Assert.That(() => _stream.OnNext(2), Throws.Nothing);
        release.Set();

        Assert.That(async () => await Eventually.Ends(delivering), Throws.Exception.SameAs(error));
    }

    [Test]
    public async Task OnNext_FromManyThreads_OneOrderForAllAndNoOverlap()
    {
        const int Writers = 3;
        const int PerWriter = 2_000;
        RecordingObserver<int>[] observers = [new(), new(), new()];
        foreach (RecordingObserver<int> observer in observers)
        {
            _stream.Subscribe(observer);
        }

        using var start = new Barrier(Writers);
        await Eventually.Ends(Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Eventually.OnThread(() =>
        {
            start.SignalAndWait();
            for (int i = 0; i < PerWriter; i++)
            {
                _stream.OnNext((writer * PerWriter) + i);
            }
        }))));
        _stream.OnCompleted();

        Assert.That(observers.SelectMany(o => o.Violations), Is.Empty);
        Assert.That(observers.Select(o => o.IsCompleted), Is.All.True);
        Assert.That(observers[1].Values, Is.EqualTo(observers[0].Values));
        Assert.That(observers[2].Values, Is.EqualTo(observers[0].Values));
        for (int writer = 0; writer < Writers; writer++)
        {
            Assert.That(
                observers[0].Values.Where(value => value / PerWriter == writer),
                Is.EqualTo(Enumerable.Range(writer * PerWriter, PerWriter)),
                $"writer {writer}");
        }
    }

    [Test]
    public async Task OnNextRange_OthersPublishToo_RunsStayContiguous()
    {
        const int Runs = 500;
        const int Length = 7;
        var observer = new RecordingObserver<int>();
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.Subscribe(observer);
        using var go = new Barrier(3);

        await Eventually.Ends(Task.WhenAll(Enumerable.Range(0, 3).Select(writer => Eventually.OnThread(() =>
        {
            int[] run = new int[Length];
            go.SignalAndWait();
            for (int i = 0; i < Runs; i++)
            {
                Array.Fill(run, (i * 3) + writer);
                _stream.OnNextRange(run);
            }
        }))));
        var late = new RecordingObserver<int>();
        start.AsObservable().Subscribe(late);

        Assert.That(observer.Values, Has.Count.EqualTo(3 * Runs * Length));
        Assert.That(observer.Values.Chunk(Length).Select(run => run.Distinct().Count()), Is.All.EqualTo(1));
        Assert.That(observer.Values.Chunk(Length).Select(run => run[0]), Is.Unique);
        Assert.That(late.Values, Is.EqualTo(observer.Values));
    }
}

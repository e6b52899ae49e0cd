using System.Reactive.Disposables;
using System.Reactive.Linq;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>A source that takes long to be unsubscribed from, such as a port or a file, while a new observer subscribes to what it shares.</summary>
[TestFixture]
internal sealed class SlowDisconnectionTests
{
    private readonly ManualResetEventSlim _isLeaving = new();
    private readonly ManualResetEventSlim _mayLeave = new();
    private int _live;
    private int _most;
    private int _connections;
    private IObserver<int>? _connected;

    [SetUp]
    public void Reset()
    {
        _isLeaving.Reset();
        _mayLeave.Reset();
        (_live, _most, _connections, _connected) = (0, 0, 0, null);
    }

    /// <summary>The source of a test with a delay is left later than the test ends.</summary>
    [TearDown]
    public void WaitUntilTheSourceIsLeft()
    {
        _mayLeave.Set();
        Eventually.IsTrue(() => Volatile.Read(ref _live) == 0, "The source is left.");
    }

    [OneTimeTearDown]
    public void DisposeEvents()
    {
        _isLeaving.Dispose();
        _mayLeave.Dispose();
    }

    [Test]
    public void Share_ObserverComesWhileTheSourceIsLeft_SourceHasOneSubscriptionAtATime([Values] bool hasDelay)
    {
        IObservable<int> shared = Share(hasDelay);
        Thread leaving = Leave(shared.Subscribe());
        var second = new RecordingObserver<int>();

        using IDisposable subscription = shared.Subscribe(second);
        Assert.That((_live, _connections), Is.EqualTo((1, 1)));
        _mayLeave.Set();
        Eventually.Joins(leaving);
        Eventually.IsTrue(() => Volatile.Read(ref _connections) == 2, "The observer is connected after that.");

        Eventually.IsTrue(() => Volatile.Read(ref _connected) is not null, "The source has an observer.");
        _connected!.OnNext(7);
        Assert.That(second.Values, Is.EqualTo(new[] { 7 }));
        Assert.That((_live, _most), Is.EqualTo((1, 1)));
    }

    [Test]
    public void Share_ObserverComesAndGoesWhileTheSourceIsLeft_SourceIsNotStarted()
    {
        IObservable<int> shared = Share(hasDelay: false);
        Thread leaving = Leave(shared.Subscribe());

        shared.Subscribe(new RecordingObserver<int>()).Dispose();
        _mayLeave.Set();
        Eventually.Joins(leaving);

        Assert.That((_live, _connections), Is.EqualTo((0, 1)));
        using IDisposable last = shared.Subscribe(new RecordingObserver<int>());
        Assert.That((_live, _connections), Is.EqualTo((1, 2)));
    }

    [Test]
    public void Share_SourceSubscribesAgainAsItIsLeft_IsConnectedAfterwards()
    {
        IObservable<int> shared = null!;
        var again = new RecordingObserver<int>();
        IDisposable? subscription = null;
        bool isFirst = true;
        shared = Observable.Create<int>(observer =>
        {
            _most = Math.Max(_most, ++_live);
            _connected = observer;
            return Disposable.Create(() =>
            {
                if (isFirst)
                {
                    isFirst = false;
                    subscription = shared.Subscribe(again);
                }

                _live--;
            });
        }).Share();

        shared.Subscribe().Dispose();

        Assert.That((_live, _most), Is.EqualTo((1, 1)));
        _connected!.OnNext(1);
        Assert.That(again.Values, Is.EqualTo(new[] { 1 }));
        subscription!.Dispose();
        Assert.That(_live, Is.Zero);
    }

    private IObservable<int> Share(bool hasDelay)
    {
        IObservable<int> source = Observable.Create<int>(observer =>
        {
            _most = Math.Max(_most, Interlocked.Increment(ref _live));
            Interlocked.Increment(ref _connections);
            Volatile.Write(ref _connected, observer);
            return Disposable.Create(() =>
            {
                Volatile.Write(ref _connected, null);
                _isLeaving.Set();
                _mayLeave.Wait();
                Interlocked.Decrement(ref _live);
            });
        });
        return hasDelay ? source.Share(1, TimeSpan.Zero) : source.Share();
    }

    /// <summary>Disposes the subscription of the last observer, and waits until the source is being unsubscribed from.</summary>
    private Thread Leave(IDisposable last)
    {
        var leaving = new Thread(last.Dispose);
        leaving.Start();
        Eventually.IsSet(_isLeaving, "The source is unsubscribed from.");
        return leaving;
    }
}

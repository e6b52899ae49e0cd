using System.Reactive.Disposables;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>A new observer of <c>Share</c> comes when the source has ended, but its subscription or its observers have not.</summary>
[TestFixture(false)]
[TestFixture(true)]
internal sealed class EndedSourceShareTests(bool hasDelay)
{
    private List<string> _log = [];
    private List<IObserver<int>> _connected = [];
    private Action<IObserver<int>> _onSubscribed = static _ => { };
    private IObservable<int> _shared = null!;

    [SetUp]
    public void Share()
    {
        (_log, _connected) = ([], []); // a delayed disconnection may come after its test
        _onSubscribed = static _ => { };
        var source = new Source(this);
        _shared = hasDelay ? source.Share(1, TimeSpan.Zero) : source.Share();
    }

    [Test]
    public async Task Subscribe_SourceEndsBeforeItsSubscribeReturns_NextSubscriptionWaits([Values] bool fails)
    {
        var second = new RecordingObserver<int>();
        IDisposable? subscription = null;
        _onSubscribed = observer =>
        {
            _onSubscribed = static _ => { };
            Eventually.OnThread(() => End(observer, fails)).GetAwaiter().GetResult();
            Eventually.OnThread(() => subscription = _shared.Subscribe(second)).GetAwaiter().GetResult();
        };

        using IDisposable first = _shared.Subscribe(new RecordingObserver<int>());

        await Eventually.Ends(Task.Run(() => Eventually.IsTrue(() => Entries.Length == 3, "The second observer is connected.")));
        Assert.That(Entries, Is.EqualTo(new[] { "+1", "-1", "+2" }));
        _connected[1].OnNext(7);
        Assert.That(second.Values, Is.EqualTo(new[] { 7 }));
        subscription!.Dispose();
        Eventually.IsTrue(() => Entries.Length == 4, "The source is left.");
    }

    [Test]
    public async Task Subscribe_ObserverDoesNotReturnFromTheEnd_SourceIsLeftFirst([Values] bool fails, [Values] bool isNotified)
    {
        using var isCalled = new ManualResetEventSlim();
        using var mayReturn = new ManualResetEventSlim();
        void Block()
        {
            isCalled.Set();
            mayReturn.Wait();
        }

        // Either in the end itself, or in the event before it.
        using IDisposable first = isNotified
            ? _shared.Subscribe(static _ => { }, _ => Block(), Block)
            : _shared.Subscribe(_ => Block(), static _ => { }, static () => { });
        using IDisposable other = _shared.Subscribe(static _ => { }, static _ => { }, static () => { });
        Task publishing = Eventually.OnThread(() => _connected[0].OnNext(1));
        if (isNotified)
        {
            await Eventually.Ends(publishing);
        }
        else
        {
            Eventually.IsSet(isCalled, "The first observer is called.");
        }

        Task ending = Eventually.OnThread(() => End(_connected[0], fails));
        Eventually.IsSet(isCalled, "The first observer is called.");
        if (!isNotified)
        {
            await Eventually.Ends(ending);
        }

        var third = new RecordingObserver<int>();
        using IDisposable subscription = _shared.Subscribe(third);

        Assert.That(Entries, Is.EqualTo(new[] { "+1", "-1", "+2" }));
        _connected[1].OnNext(7);
        Assert.That(third.Values, Is.EqualTo(new[] { 7 }));
        mayReturn.Set();
        await Eventually.Ends(Task.WhenAll(publishing, ending));
    }

    [Test]
    public void End_SeveralObservers_SourceIsLeftBeforeEachHasTheEnd()
    {
        using IDisposable first = _shared.Subscribe(static _ => { }, () => Log(_log, "first"));
        using IDisposable second = _shared.Subscribe(static _ => { }, () => Log(_log, "second"));

        _connected[0].OnCompleted();

        Assert.That(Entries, Is.EqualTo(new[] { "+1", "-1", "first", "second" }));
    }

    private string[] Entries
    {
        get
        {
            lock (_log)
            {
                return [.. _log];
            }
        }
    }

    private static void End(IObserver<int> observer, bool fails)
    {
        if (fails)
        {
            observer.OnError(new TimeoutException());
        }
        else
        {
            observer.OnCompleted();
        }
    }

    private static void Log(List<string> log, string entry)
    {
        lock (log)
        {
            log.Add(entry);
        }
    }

    private sealed class Source(EndedSourceShareTests test) : IObservable<int>
    {
        private int _subscriptions;

        public IDisposable Subscribe(IObserver<int> observer)
        {
            int number = ++_subscriptions;
            List<string> log = test._log;
            Log(log, $"+{number}");
            test._connected.Add(observer);
            test._onSubscribed(observer);
            return Disposable.Create(() => Log(log, $"-{number}"));
        }
    }
}

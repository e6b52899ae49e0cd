using System.Reactive;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using System.Reactive.Threading.Tasks;

namespace Rx.Tests.Contract;

/// <summary>Rx operators give the same results on any subject.</summary>
internal abstract class OperatorContract
{
    private SubjectBase<int> _subject = null!;

    [SetUp]
    public void SetUp() => _subject = Create<int>();

    [TearDown]
    public void TearDown() => _subject.Dispose();

    protected abstract SubjectBase<T> Create<T>();

    [Test]
    public void WhereSelect_Events_FilteredAndMapped()
    {
        List<string> results = Collect(_subject.Where(v => v % 2 == 0).Select(v => $"{v * 10}"));

        Publish(1, 2, 3, 4);
        _subject.OnCompleted();

        Assert.That(results, Is.EqualTo(new[] { "20", "40", "|" }));
    }

    [Test]
    public void Take_Enough_CompletesAndUnsubscribes()
    {
        List<string> results = Collect(_subject.Take(2));

        Publish(1, 2, 3);

        Assert.That(results, Is.EqualTo(new[] { "1", "2", "|" }));
        Assert.That(_subject.HasObservers, Is.False);
    }

    [Test]
    public void TakeUntil_SameSubject_EndsBeforeTheEventThatEndsIt()
    {
        // The subscription order decides: TakeUntil subscribes to its second source first.
        List<string> results = Collect(_subject.TakeUntil(_subject.Where(v => v == 3)));

        Publish(1, 2, 3, 4);

        Assert.That(results, Is.EqualTo(new[] { "1", "2", "|" }));
        Assert.That(_subject.HasObservers, Is.False);
    }

    [Test]
    public void Merge_TwoSubjects_CompletesAfterBoth()
    {
        using SubjectBase<int> other = Create<int>();
        List<string> results = Collect(_subject.Merge(other));

        _subject.OnNext(1);
        other.OnNext(2);
        _subject.OnCompleted();
        other.OnNext(3);
        other.OnCompleted();

        Assert.That(results, Is.EqualTo(new[] { "1", "2", "3", "|" }));
    }

    [Test]
    public void Zip_WithItself_PairsEachEventWithItself()
    {
        List<string> results = Collect(_subject.Zip(_subject, (a, b) => a + b));

        Publish(1, 2, 3);
        _subject.OnCompleted();

        Assert.That(results, Is.EqualTo(new[] { "2", "4", "6", "|" }));
    }

    [Test]
    public void CombineLatest_WithItself_OneForEachArrival()
    {
        List<string> results = Collect(_subject.CombineLatest(_subject, (a, b) => (a * 10) + b));

        Publish(1, 2);

        Assert.That(results, Is.EqualTo(new[] { "11", "21", "22" }));
    }

    [Test]
    public void Buffer_ByCount_Chunks()
    {
        List<string> results = Collect(_subject.Buffer(2).Select(b => string.Join("+", b)));

        Publish(1, 2, 3);
        _subject.OnCompleted();

        Assert.That(results, Is.EqualTo(new[] { "1+2", "3", "|" }));
    }

    [Test]
    public void Scan_Error_PassesThrough()
    {
        List<string> results = Collect(_subject.Scan((a, b) => a + b));

        Publish(1, 2, 3);
        _subject.OnError(new InvalidOperationException("boom"));

        Assert.That(results, Is.EqualTo(new[] { "1", "3", "6", "boom" }));
    }

    [Test]
    public void Retry_AfterAnError_SubscribesToTheEndedSubjectAgain()
    {
        List<string> results = Collect(_subject.Retry(3));

        _subject.OnNext(1);
        _subject.OnError(new InvalidOperationException("boom"));

        Assert.That(results, Is.EqualTo(new[] { "1", "boom" }));
    }

    [Test]
    public void Switch_InnerSubjects_FollowsTheLatest()
    {
        using SubjectBase<int> other = Create<int>();
        using SubjectBase<IObservable<int>> outer = Create<IObservable<int>>();
        List<string> results = Collect(outer.Switch());

        outer.OnNext(_subject);
        _subject.OnNext(1);
        outer.OnNext(other);
        _subject.OnNext(2);
        other.OnNext(3);

        Assert.That(results, Is.EqualTo(new[] { "1", "3" }));
        Assert.That(_subject.HasObservers, Is.False);
    }

    [Test]
    public void PublishRefCount_ManyObservers_OneSubscription()
    {
        int subscriptions = 0;
        IObservable<int> shared = Observable.Defer(() =>
        {
            subscriptions++;
            return _subject;
        }).Publish().RefCount();

        using (shared.Subscribe())
        using (shared.Subscribe())
        {
            Assert.That(subscriptions, Is.EqualTo(1));
            Assert.That(_subject.HasObservers, Is.True);
        }

        Assert.That(_subject.HasObservers, Is.False);
    }

    [Test]
    public void Multicast_ThroughASubject_ReachesEveryObserver()
    {
        IConnectableObservable<int> hot = Observable.Range(1, 3).Multicast(_subject);
        List<string> first = Collect(hot);
        List<string> second = Collect(hot.Select(v => v * 2));

        using (hot.Connect())
        {
            Assert.That(first, Is.EqualTo(new[] { "1", "2", "3", "|" }));
            Assert.That(second, Is.EqualTo(new[] { "2", "4", "6", "|" }));
        }
    }

    [Test]
    public void Subscribe_SubjectToSubject_PassesEverythingOn()
    {
        using SubjectBase<int> other = Create<int>();
        List<string> results = Collect(other);
        using IDisposable link = _subject.Subscribe(other);

        Publish(1, 2);
        _subject.OnCompleted();

        Assert.That(results, Is.EqualTo(new[] { "1", "2", "|" }));
    }

    [Test]
    public async Task ToTask_Completed_LastEvent()
    {
        Task<int> last = _subject.ToTask();

        Publish(1, 2);
        Assert.That(last.IsCompleted, Is.False);
        _subject.OnCompleted();

        Assert.That(await Eventually.Ends(last), Is.EqualTo(2));
    }

    [Test]
    public void ToTask_Error_Faults()
    {
        Task<int> last = _subject.ToTask();
        var error = new InvalidOperationException();

        _subject.OnError(error);

        Assert.That(async () => await Eventually.Ends(last), Throws.Exception.SameAs(error));
    }

    [Test]
    public async Task FirstAsync_Awaited_FirstEvent()
    {
        Task<int> first = _subject.FirstAsync().ToTask();

        Publish(7, 8);

        Assert.That(await Eventually.Ends(first), Is.EqualTo(7));
        Assert.That(_subject.HasObservers, Is.False);
    }

    [Test]
    public void AsObserver_HandedOut_CannotBeCastBack()
    {
        List<string> results = Collect(_subject);
        IObserver<int> observer = _subject.AsObserver();

        observer.OnNext(1);
        observer.OnCompleted();

        Assert.That(observer, Is.Not.InstanceOf<IObservable<int>>());
        Assert.That(results, Is.EqualTo(new[] { "1", "|" }));
    }

    [Test]
    public void Synchronize_Subject_StillDelivers()
    {
        ISubject<int> synchronized = Subject.Synchronize(_subject);
        List<string> results = Collect(synchronized);

        synchronized.OnNext(1);
        synchronized.OnCompleted();

        Assert.That(results, Is.EqualTo(new[] { "1", "|" }));
    }

    [Test]
    public void Materialize_EventsAndEnd_AsNotifications()
    {
        var results = new List<Notification<int>>();
        _subject.Materialize().Subscribe(results.Add);

        _subject.OnNext(1);
        _subject.OnCompleted();

        Assert.That(results, Is.EqualTo(new[] { Notification.CreateOnNext(1), Notification.CreateOnCompleted<int>() }));
    }

    private void Publish(params int[] values)
    {
        foreach (int value in values)
        {
            _subject.OnNext(value);
        }
    }

    private static List<string> Collect<T>(IObservable<T> source)
    {
        var results = new List<string>();
        source.Subscribe(value => results.Add($"{value}"), error => results.Add(error.Message), () => results.Add("|"));
        return results;
    }
}

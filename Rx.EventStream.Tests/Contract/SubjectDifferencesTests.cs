using System.Reactive.Linq;
using System.Reactive.Subjects;

namespace Rx.Tests.Contract;

/// <summary>What <see cref="Subject{T}"/> does where the table of guarantees says "differs" or "stronger". If one of these tests fails, Rx has
/// changed, and the table can drop that row.</summary>
[TestFixture]
internal sealed class SubjectDifferencesTests
{
    private Subject<int> _subject = null!;

    [SetUp]
    public void SetUp() => _subject = new Subject<int>();

    [TearDown]
    public void TearDown() => _subject.Dispose();

    [Test]
    public void OnNext_FromInsideAnObserver_LaterObserversSeeAnotherOrder()
    {
        RecordingObserver<int> first = new(value =>
        {
            if (value == 1)
            {
                _subject.OnNext(2);
            }
        });
        var second = new RecordingObserver<int>();
        _subject.Subscribe(first);
        _subject.Subscribe(second);

        _subject.OnNext(1);

        Assert.That(first.Values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(first.Violations, Is.Not.Empty);
        Assert.That(second.Values, Is.EqualTo(new[] { 2, 1 }));
    }

    [Test]
    public void OnCompleted_FromInside_LaterObserversGetAnEventAfterIt()
    {
        var second = new RecordingObserver<int>();
        _subject.Subscribe(new RecordingObserver<int>(_ => _subject.OnCompleted()));
        _subject.Subscribe(second);

        _subject.OnNext(1);

        Assert.That(second.IsCompleted, Is.True);
        Assert.That(second.Violations, Is.EqualTo(new[] { "OnNext(1) after the end" }));
    }

    [Test]
    public void OnNext_ObserverThrows_LaterObserversStarve()
    {
        var after = new RecordingObserver<int>();
        _subject.Subscribe(new RecordingObserver<int>(_ => throw new InvalidOperationException()));
        _subject.Subscribe(after);

        Assert.That(() => _subject.OnNext(1), Throws.InvalidOperationException);

        Assert.That(after.Values, Is.Empty);
    }

    [Test]
    public async Task OnNext_FromTwoThreads_CallsOverlap()
    {
        using var bothInside = new Barrier(2);
        var observer = new RecordingObserver<int>(_ => bothInside.SignalAndWait(Eventually.Limit));
        _subject.Subscribe(observer);

        await Eventually.Ends(Task.WhenAll(
            Eventually.OnThread(() => _subject.OnNext(1)),
            Eventually.OnThread(() => _subject.OnNext(2))));

        Assert.That(observer.Violations, Is.Not.Empty);
    }

    [Test]
    public void OnError_ShortRunningObserveOn_OvertakesQueuedEvents()
    {
        var scheduler = new MarbleScheduler();
        var observer = new RecordingObserver<int>();
        _subject.ObserveOn(scheduler).Subscribe(observer);

        _subject.OnNext(1);
        _subject.OnNext(2);
        _subject.OnError(new InvalidOperationException());
        scheduler.Start();

        Assert.That(observer.Values, Is.Empty);
        Assert.That(observer.Error, Is.Not.Null);
    }
}

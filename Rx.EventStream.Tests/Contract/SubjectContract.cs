using System.Reactive;
using System.Reactive.Subjects;

namespace Rx.Tests.Contract;

/// <summary>What <see cref="Subject{T}"/> and <see cref="EventStream{T}"/> both guarantee for delivery on the publishing thread.</summary>
internal abstract class SubjectContract
{
    protected abstract SubjectBase<T> Create<T>();

    [Test]
    public void OnNext_NoScheduler_DeliversBeforeItReturns()
    {
        using SubjectBase<int> subject = Create<int>();
        var observer = new RecordingObserver<int>();
        subject.Subscribe(observer);

        for (int i = 0; i < 10; i++)
        {
            subject.OnNext(i);

            Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, i + 1)));
        }
    }

    [Test]
    public async Task OnNext_NoScheduler_DeliversOnThePublishingThread()
    {
        using SubjectBase<int> subject = Create<int>();
        var observer = new RecordingObserver<int>();
        subject.Subscribe(observer);
        int publisher = 0;

        await Eventually.Ends(Eventually.OnThread(() =>
        {
            publisher = Environment.CurrentManagedThreadId;
            subject.OnNext(1);
            subject.OnCompleted();
        }));

        Assert.That(observer.Threads, Is.EqualTo(new[] { publisher }));
    }

    [Test]
    public void OnNext_SeveralObservers_EventByEventInSubscriptionOrder()
    {
        using SubjectBase<int> subject = Create<int>();
        var calls = new List<string>();
        foreach (string name in new[] { "a", "b", "c" })
        {
            subject.Subscribe(Observer.Create<int>(value => calls.Add($"{name}{value}"), () => calls.Add($"{name}|")));
        }

        subject.OnNext(1);
        subject.OnNext(2);
        subject.OnCompleted();

        Assert.That(calls, Is.EqualTo(new[] { "a1", "b1", "c1", "a2", "b2", "c2", "a|", "b|", "c|" }));
    }

    [Test]
    public void OnNext_ManyEvents_AllInOrderForEachObserver()
    {
        using SubjectBase<int> subject = Create<int>();
        RecordingObserver<int>[] observers = [new(), new(), new()];
        foreach (RecordingObserver<int> observer in observers)
        {
            subject.Subscribe(observer);
        }

        for (int i = 0; i < 1_000; i++)
        {
            subject.OnNext(i);
        }

        Assert.That(observers.Select(o => o.Values), Is.All.EqualTo(Enumerable.Range(0, 1_000)));
    }

    [Test]
    public void OnNext_NullValue_IsAnEventLikeAnyOther()
    {
        using SubjectBase<string?> subject = Create<string?>();
        var observer = new RecordingObserver<string?>();
        subject.Subscribe(observer);

        subject.OnNext(null);
        subject.OnNext("a");
        subject.OnNext(null);

        Assert.That(observer.Values, Is.EqualTo(new[] { null, "a", null }));
    }

    [Test]
    public void OnNext_NoSubscribers_LateSubscriberMissesIt()
    {
        using SubjectBase<int> subject = Create<int>();
        var observer = new RecordingObserver<int>();

        subject.OnNext(1);
        subject.Subscribe(observer);
        subject.OnNext(2);

        Assert.That(observer.Values, Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public void OnNext_SubscribersReplaced_OnlyCurrentOnesGetIt()
    {
        using SubjectBase<int> subject = Create<int>();
        var early = new RecordingObserver<int>();
        var late = new RecordingObserver<int>();

        IDisposable subscription = subject.Subscribe(early);
        subject.OnNext(1);
        subscription.Dispose();
        subject.OnNext(2);
        subject.OnNext(3);
        subject.Subscribe(late);
        subject.OnNext(4);

        Assert.That(early.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(late.Values, Is.EqualTo(new[] { 4 }));
    }

    [Test]
    public void Subscribe_WhileAnEventIsDelivered_StartsWithTheNextEvent()
    {
        using SubjectBase<int> subject = Create<int>();
        var late = new RecordingObserver<int>();
        subject.Subscribe(new RecordingObserver<int>(value =>
        {
            if (value == 1)
            {
                subject.Subscribe(late);
            }
        }));

        subject.OnNext(1);
        Assert.That(late.Values, Is.Empty);
        subject.OnNext(2);

        Assert.That(late.Values, Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public void Subscribe_WhileTheEndIsDelivered_EndsAtOnce()
    {
        using SubjectBase<int> subject = Create<int>();
        var late = new RecordingObserver<int>();
        subject.Subscribe(new RecordingObserver<int>(onEnd: () => subject.Subscribe(late)));

        subject.OnCompleted();

        Assert.That(late.IsCompleted, Is.True);
        Assert.That(late.Violations, Is.Empty);
    }

    [Test]
    public void Unsubscribe_BeforeItsTurn_DoesNotGetTheEvent()
    {
        using SubjectBase<int> subject = Create<int>();
        var victim = new RecordingObserver<int>();
        var last = new RecordingObserver<int>();
        IDisposable? subscription = null;
        subject.Subscribe(new RecordingObserver<int>(_ => subscription!.Dispose()));
        subscription = subject.Subscribe(victim);
        subject.Subscribe(last);

        subject.OnNext(1);

        Assert.That(victim.Values, Is.Empty);
        Assert.That(last.Values, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void Unsubscribe_AllLaterObserversInOneCall_NoneGetsTheEvent()
    {
        using SubjectBase<int> subject = Create<int>();
        RecordingObserver<int>[] victims = [new(), new(), new()];
        var subscriptions = new List<IDisposable>();
        subject.Subscribe(new RecordingObserver<int>(_ => subscriptions.ForEach(s => s.Dispose())));
        subscriptions.AddRange(victims.Select(subject.Subscribe));

        subject.OnNext(1);
        subject.OnCompleted();

        Assert.That(victims.Select(v => v.Count), Is.All.Zero);
        Assert.That(victims.Select(v => v.IsEnded), Is.All.False);
    }

    [Test]
    public void Unsubscribe_FromInsideItsOwnObserver_ThatCallIsTheLast()
    {
        using SubjectBase<int> subject = Create<int>();
        IDisposable? subscription = null;
        var leaver = new RecordingObserver<int>(_ => subscription!.Dispose());
        var last = new RecordingObserver<int>();
        subscription = subject.Subscribe(leaver);
        subject.Subscribe(last);

        subject.OnNext(1);
        subject.OnNext(2);
        subject.OnCompleted();

        Assert.That(leaver.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(leaver.IsEnded, Is.False);
        Assert.That(last.Values, Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public void Unsubscribe_OneOfMany_TheOthersGoOn([Range(0, 3)] int leaving)
    {
        using SubjectBase<int> subject = Create<int>();
        RecordingObserver<int>[] observers = [new(), new(), new(), new()];
        IDisposable[] subscriptions = [.. observers.Select(subject.Subscribe)];
        subject.OnNext(1);

        subscriptions[leaving].Dispose();
        subject.OnNext(2);

        for (int i = 0; i < observers.Length; i++)
        {
            Assert.That(observers[i].Values, Is.EqualTo(i == leaving ? new[] { 1 } : [1, 2]), $"observer {i}");
        }
    }

    [Test]
    public void Unsubscribe_Twice_DoesNothingMore()
    {
        using SubjectBase<int> subject = Create<int>();
        var observer = new RecordingObserver<int>();
        IDisposable first = subject.Subscribe(observer);
        subject.Subscribe(observer);

        first.Dispose();
        first.Dispose();
        subject.OnNext(1);

        Assert.That(observer.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(subject.HasObservers, Is.True);
    }

    [Test]
    public async Task Unsubscribe_FromManyThreadsAtOnce_EachSubscriptionEndsOnce()
    {
        using SubjectBase<int> subject = Create<int>();
        var leaving = new RecordingObserver<int>();
        var staying = new RecordingObserver<int>();
        IDisposable[] subscriptions = [.. Enumerable.Range(0, 100).Select(_ => subject.Subscribe(leaving))];
        subject.Subscribe(staying);
        using var start = new Barrier(4);

        await Eventually.Ends(Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Eventually.OnThread(() =>
        {
            start.SignalAndWait();
            foreach (IDisposable subscription in subscriptions)
            {
                subscription.Dispose();
            }
        }))));
        subject.OnNext(1);

        Assert.That(leaving.Values, Is.Empty);
        Assert.That(staying.Values, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void Unsubscribe_AfterTheEndOrDisposal_DoesNothing()
    {
        SubjectBase<int> subject = Create<int>();
        IDisposable subscription = subject.Subscribe(new RecordingObserver<int>());
        subject.OnCompleted();

        Assert.That(subscription.Dispose, Throws.Nothing);
        subject.Dispose();
        Assert.That(subscription.Dispose, Throws.Nothing);
    }

    [Test]
    public void Subscribe_SameObserverTwice_TwoSubscriptions()
    {
        using SubjectBase<int> subject = Create<int>();
        var observer = new RecordingObserver<int>();
        IDisposable first = subject.Subscribe(observer);
        subject.Subscribe(observer);

        subject.OnNext(1);
        first.Dispose();
        subject.OnNext(2);

        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 1, 2 }));
    }

    [Test]
    public void OnCompleted_LaterCalls_AreIgnored()
    {
        using SubjectBase<int> subject = Create<int>();
        var observer = new RecordingObserver<int>();
        subject.Subscribe(observer);

        subject.OnNext(1);
        subject.OnCompleted();
        subject.OnNext(2);
        subject.OnError(new InvalidOperationException());
        subject.OnCompleted();

        Assert.That(observer.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(observer.IsCompleted, Is.True);
        Assert.That(observer.Violations, Is.Empty);
    }

    [Test]
    public void OnError_LaterCalls_AreIgnored()
    {
        using SubjectBase<int> subject = Create<int>();
        var observer = new RecordingObserver<int>();
        var error = new InvalidOperationException();
        subject.Subscribe(observer);

        subject.OnError(error);
        subject.OnNext(2);
        subject.OnError(new InvalidOperationException());
        subject.OnCompleted();

        Assert.That(observer.Values, Is.Empty);
        Assert.That(observer.Error, Is.SameAs(error));
        Assert.That(observer.Violations, Is.Empty);
    }

    [Test]
    public void Subscribe_AfterOnCompleted_GetsOnlyTheEndBeforeItReturns()
    {
        using SubjectBase<int> subject = Create<int>();
        subject.OnNext(1);
        subject.OnCompleted();
        var observer = new RecordingObserver<int>();

        subject.Subscribe(observer);

        Assert.That(observer.Values, Is.Empty);
        Assert.That(observer.IsCompleted, Is.True);
    }

    [Test]
    public void Subscribe_AfterOnError_GetsOnlyThatErrorBeforeItReturns()
    {
        using SubjectBase<int> subject = Create<int>();
        var error = new InvalidOperationException();
        subject.Subscribe(new RecordingObserver<int>());
        subject.OnNext(1);
        subject.OnError(error);
        subject.OnCompleted();
        var observer = new RecordingObserver<int>();

        subject.Subscribe(observer);

        Assert.That(observer.Values, Is.Empty);
        Assert.That(observer.Error, Is.SameAs(error));
    }

    [Test]
    public void OnNext_FromInsideOnCompleted_IsIgnored()
    {
        using SubjectBase<int> subject = Create<int>();
        var observer = new RecordingObserver<int>(onEnd: () => subject.OnNext(1));
        var second = new RecordingObserver<int>();
        subject.Subscribe(observer);
        subject.Subscribe(second);

        subject.OnCompleted();

        Assert.That(observer.Values, Is.Empty);
        Assert.That(second.Values, Is.Empty);
        Assert.That(second.IsCompleted, Is.True);
    }

    [Test]
    public void HasObservers_ObserversComeAndGo_TrueWhileAnyRemains()
    {
        using SubjectBase<int> subject = Create<int>();
        Assert.That(subject.HasObservers, Is.False);

        IDisposable first = subject.Subscribe(new RecordingObserver<int>());
        IDisposable second = subject.Subscribe(new RecordingObserver<int>());
        first.Dispose();
        Assert.That(subject.HasObservers, Is.True);

        second.Dispose();
        Assert.That(subject.HasObservers, Is.False);
    }

    [Test]
    public void HasObservers_AfterTheEnd_False()
    {
        using SubjectBase<int> subject = Create<int>();
        subject.Subscribe(new RecordingObserver<int>());

        subject.OnCompleted();
        Assert.That(subject.HasObservers, Is.False);

        subject.Subscribe(new RecordingObserver<int>());
        Assert.That(subject.HasObservers, Is.False);
    }

    [Test]
    public void Dispose_WithObservers_NotifiesNone()
    {
        SubjectBase<int> subject = Create<int>();
        var observer = new RecordingObserver<int>();
        subject.Subscribe(observer);

        subject.Dispose();

        Assert.That(observer.Values, Is.Empty);
        Assert.That(observer.IsEnded, Is.False);
        Assert.That(subject.IsDisposed, Is.True);
        Assert.That(subject.HasObservers, Is.False);
    }

    [Test]
    public void Dispose_Twice_DoesNothingMore()
    {
        SubjectBase<int> subject = Create<int>();
        subject.Dispose();

        Assert.That(subject.Dispose, Throws.Nothing);
        Assert.That(subject.IsDisposed, Is.True);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Disposed_AnyCall_Throws(bool isCompletedBefore)
    {
        SubjectBase<int> subject = Create<int>();
        subject.Subscribe(new RecordingObserver<int>());
        if (isCompletedBefore)
        {
            subject.OnCompleted();
        }

        Assert.That(subject.IsDisposed, Is.False);
        subject.Dispose();

        Assert.That(() => subject.OnNext(1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => subject.OnError(new InvalidOperationException()), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(subject.OnCompleted, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => subject.Subscribe(new RecordingObserver<int>()), Throws.TypeOf<ObjectDisposedException>());
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Null_ObserverOrError_ThrowsBeforeDisposalIsChecked(bool isDisposed)
    {
        SubjectBase<int> subject = Create<int>();
        if (isDisposed)
        {
            subject.Dispose();
        }

        Assert.That(() => subject.Subscribe((IObserver<int>)null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("observer"));
        Assert.That(() => subject.OnError(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("error"));
    }

    [Test]
    public void OnError_Null_LeavesTheSubjectOpen()
    {
        using SubjectBase<int> subject = Create<int>();
        var observer = new RecordingObserver<int>();
        subject.Subscribe(observer);

        Assert.That(() => subject.OnError(null!), Throws.ArgumentNullException);
        subject.OnNext(1);

        Assert.That(observer.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(observer.IsEnded, Is.False);
    }

    [Test]
    public void OnNext_OnlyObserverThrows_ThrowsAndObserverStays()
    {
        using SubjectBase<int> subject = Create<int>();
        var error = new InvalidOperationException();
        var observer = new RecordingObserver<int>(value =>
        {
            if (value == 1)
            {
                throw error;
            }
        });
        subject.Subscribe(observer);

        Assert.That(() => subject.OnNext(1), Throws.Exception.SameAs(error));
        subject.OnNext(2);
        subject.OnCompleted();

        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(observer.IsCompleted, Is.True);
    }

    [Test]
    public void OnCompleted_OnlyObserverThrows_Throws()
    {
        using SubjectBase<int> subject = Create<int>();
        var error = new InvalidOperationException();
        subject.Subscribe(new RecordingObserver<int>(onEnd: () => throw error));

        Assert.That(subject.OnCompleted, Throws.Exception.SameAs(error));
        Assert.That(subject.HasObservers, Is.False);
    }
}

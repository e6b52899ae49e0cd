using System.Reactive;
using System.Reactive.Concurrency;
using Rx.Diagnostics;
using Rx.Tests.Contract;

namespace Rx.Tests.Concurrency;

/// <summary>An observer on the publishing thread is disposed while events are published: when it has ended, and what its figures say.</summary>
[TestFixture]
internal sealed class EndedObserverRaceTests
{
    private const int Rounds = 20_000;

    /// <summary>How many events a single writer, which delivers without a fence, may have delivered before another thread sees the first of them: no more than its
    /// processor has stores under way.</summary>
    private const int UnseenEvents = 50;

    [Test]
    public async Task WhenEndedAsync_DisposedWhilePublishing_NoCallRunsLater([Values] bool isSingleWriter, [Values] bool hasOther)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        using IDisposable? other = hasOther ? stream.Subscribe(static _ => { }) : null;
        await WhilePublishing(stream, async random =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                var observer = new ClosingObserver();
                EventSubscription subscription = stream.AsObservable().Subscribe(observer);
                Thread.SpinWait(random.Next(60));
                subscription.Dispose();
                await subscription.WhenEndedAsync();
                observer.Close();
                Assert.That(observer.WasCalledLate, Is.False, "the last call had returned");
                Assert.That(subscription.Delivered, Is.EqualTo(observer.Calls).Within(isSingleWriter ? UnseenEvents : 1), "only the last calls are in doubt");
            }
        });
    }

    /// <summary>The totals count what each subscription tells once it has ended.</summary>
    [Test]
    public async Task Totals_ObserversAreDisposedWhilePublishing_AreTheSum([Values] bool isSingleWriter, [Values] bool replays)
    {
        var options = new EventStreamOptions { SingleWriter = isSingleWriter, Retention = replays ? Retention.Count(20) : Retention.None };
        using var stream = new EventStream<int>(options);
        long sum = 0;
        await WhilePublishing(stream, async random =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                EventSubscription subscription = stream.AsObservable().Subscribe(Observer.Create<int>(static _ => { }));
                Thread.SpinWait(random.Next(2_000));
                subscription.Dispose();
                await subscription.WhenEndedAsync();
                sum += subscription.Delivered;
            }
        });
        Assert.That(((IMeteredStream)stream).Totals.Delivered, Is.EqualTo(sum));
    }

    [Test]
    public async Task Sequence_OthersComeAndGo_NeverFalls([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        using IDisposable first = stream.Subscribe(static _ => { });
        using EventSubscription watched = stream.AsObservable().Subscribe(new ClosingObserver());
        bool isDone = false;
        Task reading = Eventually.OnThread(() =>
        {
            long sequence = 0;
            long delivered = 0;
            while (!Volatile.Read(ref isDone))
            {
                long nowSequence = watched.Sequence;
                long nowDelivered = watched.Delivered;
                Assert.That(nowSequence >= sequence && nowDelivered >= delivered, $"{nowSequence} after {sequence}, {nowDelivered} delivered after {delivered}");
                (sequence, delivered) = (nowSequence, nowDelivered);
            }
        });
        await WhilePublishing(stream, _ =>
        {
            for (int round = 0; round < Rounds && !reading.IsCompleted; round++)
            {
                stream.Subscribe(static _ => { }).Dispose();
            }

            return Task.CompletedTask;
        });
        Volatile.Write(ref isDone, true);
        await Eventually.Ends(reading);
    }

    [Test]
    public async Task Figures_AnotherThreadDisposesTheObserver_NeverFall([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        using IDisposable first = stream.Subscribe(static _ => Thread.SpinWait(20));
        EventSubscription? newest = null;
        bool isDone = false;
        Task reading = Eventually.OnThread(() =>
        {
            EventSubscription? watched = null;
            long sequence = 0;
            long delivered = 0;
            while (!Volatile.Read(ref isDone))
            {
                if (Volatile.Read(ref newest) is { } found && found != watched)
                {
                    (watched, sequence, delivered) = (found, 0, 0);
                }

                long nowSequence = watched?.Sequence ?? 0;
                long nowDelivered = watched?.Delivered ?? 0;
                Assert.That(nowSequence >= sequence && nowDelivered >= delivered, $"{nowSequence} after {sequence}, {nowDelivered} delivered after {delivered}");
                (sequence, delivered) = (nowSequence, nowDelivered);
            }
        });
        await WhilePublishing(stream, _ =>
        {
            for (int round = 0; round < 3 * Rounds && !reading.IsCompleted; round++)
            {
                EventSubscription subscription = stream.AsObservable().Subscribe(new ClosingObserver());
                Volatile.Write(ref newest, subscription);
                Thread.SpinWait(300);
                subscription.Dispose();
                Thread.SpinWait(100);
            }

            return Task.CompletedTask;
        });
        Volatile.Write(ref isDone, true);
        await Eventually.Ends(reading);
    }

    /// <summary>While a cursor jumps over events, its two numbers do not fit together.</summary>
    [Test]
    public async Task Delivered_EventsAreDropped_NeverFalls([Values] bool isSingleWriter, [Values] bool isReader)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        EventObservable<int> bounded = stream.WithLagPolicy(LagPolicy.DropOldest(10));
        using EventReader<int>? reader = isReader ? bounded.OpenReader() : null;
        using IDisposable? observer = isReader ? null : bounded.ObserveOn(TaskPoolScheduler.Default).Subscribe(static _ => Thread.SpinWait(20));
        EventSubscription watched = stream.Subscriptions.Single();
        await WhilePublishing(stream, _ =>
        {
            long delivered = 0;
            for (int i = 0; i < 50 * Rounds; i++)
            {
                long now = watched.Delivered;
                Assert.That(now, Is.GreaterThanOrEqualTo(delivered));
                delivered = now;
            }

            return Task.CompletedTask;
        }, alongside: () => reader?.TryRead(out _));
    }

    [Test]
    public async Task Figures_WhilePublishing_AreNeverNegative([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        await WhilePublishing(stream, _ =>
        {
            for (int round = 0; round < 10 * Rounds; round++)
            {
                StreamFigures figures = ((IMeteredStream)stream).Figures;
                KeptEvents kept = figures.Kept;
                long least = Math.Min(figures.RetainedEvents, Math.Min(Math.Min(kept.ByRetention, kept.ByObservers), Math.Min(kept.ByReaders, kept.ByPositions)));
                Assert.That(least, Is.GreaterThanOrEqualTo(0));
            }

            return Task.CompletedTask;
        });
    }

    private static async Task WhilePublishing(EventStream<int> stream, Func<Random, Task> action, Action? alongside = null)
    {
        bool isDone = false;
        Task publishing = Eventually.OnThread(() =>
        {
            for (int i = 0; !Volatile.Read(ref isDone); i++)
            {
                stream.OnNext(i);
                if (i % 64 == 0)
                {
                    alongside?.Invoke();
                }
            }
        });
        try
        {
            await Task.Run(() => action(new Random(7)));
        }
        finally
        {
            Volatile.Write(ref isDone, true);
            await Eventually.Ends(publishing);
        }
    }

    /// <summary>Notes whether a call runs when it is closed, or later.</summary>
    private sealed class ClosingObserver : IObserver<int>
    {
        private bool _isClosed;
        private bool _wasCalledLate;
        private long _calls;

        public bool WasCalledLate => Volatile.Read(ref _wasCalledLate);

        public long Calls => Volatile.Read(ref _calls);

        public void Close() => Volatile.Write(ref _isClosed, true);

        public void OnNext(int value)
        {
            Volatile.Write(ref _calls, _calls + 1);
            Thread.SpinWait(20);
            if (Volatile.Read(ref _isClosed))
            {
                Volatile.Write(ref _wasCalledLate, true);
            }
        }

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }
}

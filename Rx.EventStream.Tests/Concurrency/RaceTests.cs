using System.Reactive.Concurrency;
using Rx.Parking;
using Rx.Storage;
using Rx.Tests.Parking;

namespace Rx.Tests.Concurrency;

/// <summary>Two threads race, many times. No later event follows that could make up for a lost wake-up or a lost event.</summary>
[TestFixture(1, true)]
[TestFixture(1, false)]
[TestFixture(2, true)]
[TestFixture(2, false)]
[TestFixture(64, true)]
[TestFixture(64, false)]
internal sealed class RaceTests(int capacity, bool isSingleWriter)
{
    private const int Rounds = 3_000;

    private EventStream<int> NewStream() => new(new EventStreamOptions { SegmentCapacity = capacity, SingleWriter = isSingleWriter });

    [Test]
    public void WaitToReadAsync_RacesOnNext_IsWoken()
    {
        Task<bool>? wait = null;
        Race.Run(
            Rounds * 3,
            () =>
            {
                EventStream<int> stream = NewStream();
                return (object)(stream, stream.AsObservable().OpenReader());
            },
            state => wait = Reader(state).WaitToReadAsync().AsTask(),
            state => Stream(state).OnNext(7),
            state =>
            {
                Race.Await(() => wait!.IsCompleted, "the wake-up of the reader");
                Assert.That(wait!.Result, Is.True);
                Assert.That(Reader(state).TryRead(out int value) ? value : -1, Is.EqualTo(7));
            });
    }

    [Test]
    public void WaitToReadAsync_RacesOnCompleted_IsWoken()
    {
        Task<bool>? wait = null;
        Race.Run(
            Rounds,
            () =>
            {
                EventStream<int> stream = NewStream();
                return (object)(stream, stream.AsObservable().OpenReader());
            },
            state => wait = Reader(state).WaitToReadAsync().AsTask(),
            state => Stream(state).OnCompleted(),
            _ =>
            {
                Race.Await(() => wait!.IsCompleted, "the wake-up of the reader");
                Assert.That(wait!.Result, Is.False);
            });
    }

    [Test]
    public void WaitToReadAsync_CancelRacesOnNext_NextWaitIsWoken()
    {
        Race.Run(
            Rounds,
            () => new CancelledWait(NewStream()),
            state => state.Cancellation.Cancel(),
            state => state.Stream.OnNext(1),
            state =>
            {
                Race.Await(() => state.Wait.IsCompleted, "the end of the wait");
                Assert.That(state.Reader.TryRead(out _), Is.True, "A cancelled wait takes no event.");
                Task<bool> next = state.Reader.WaitToReadAsync().AsTask();
                state.Stream.OnNext(2);
                Race.Await(() => next.IsCompleted, "the wake-up after a cancelled wait");
                Assert.That(state.Reader.TryRead(out int value) ? value : -1, Is.EqualTo(2));
            });
    }

    [Test]
    public void Completion_RacesOnCompleted_Completes()
    {
        Task? completion = null;
        Race.Run(
            Rounds,
            () =>
            {
                EventStream<int> stream = NewStream();
                return (object)(stream, stream.AsObservable().OpenReader());
            },
            state => completion = Reader(state).Completion,
            state => Stream(state).OnCompleted(),
            _ => Race.Await(() => completion!.IsCompleted, "the completion"));
    }

    [Test]
    public void Subscribe_OnPoolRacesOnNext_MissesNoLaterEvent()
    {
        // The second event comes while the pump parks for the first time, or just after the first event has woken it.
        Race.Run(
            Rounds,
            () => new ObservedStream(NewStream()),
            state => state.Subscribe(state.Stream.ObserveOn(ThreadPoolScheduler.Instance)),
            state =>
            {
                state.Stream.OnNext(0);
                state.Stream.OnNext(1);
            },
            state => state.CheckAllFromTheFirst(count: 2));
    }

    [Test]
    public void ParkOwned_RacesOnNext_PumpIsWoken()
    {
        // The pump has delivered all before each event, so that it parks each time.
        Race.Run(
            Rounds,
            () =>
            {
                var state = new ObservedStream(NewStream());
                state.Subscribe(state.Stream.ObserveOn(ThreadPoolScheduler.Instance));
                return state;
            },
            state =>
            {
                for (int i = 0; i < 3; i++)
                {
                    state.Stream.OnNext(i);
                    SpinWait.SpinUntil(() => state.Observer.Count == i + 1, TimeSpan.FromSeconds(10));
                }
            },
            _ => { },
            state => state.CheckAllFromTheFirst(count: 3));
    }

    [Test]
    public void Subscribe_InlineRacesOnNext_GetsEventAtOnceOrNever()
    {
        Race.Run(
            Rounds * 3,
            () => new ObservedStream(NewStream()),
            state => state.Subscribe(state.Stream.AsObservable()),
            state => state.Stream.OnNext(0),
            state =>
            {
                // The observer joined before the event or after it. Either way, it must not get the event together with the next one.
                int got = state.Observer.Count;
                state.Stream.OnNext(1);
                Assert.That(state.Observer.Events, Is.EqualTo(Enumerable.Range(1 - got, 1 + got)));
            });
    }

    [Test]
    public void Subscribe_FromPositionRacesOnNext_GetsEachEventOnce()
    {
        Race.Run(
            Rounds,
            () =>
            {
                var state = new ObservedStream(NewStream());
                state.Start = state.Stream.GetNextPosition();
                state.Stream.Subscribe(new Recorder<int>());
                state.Stream.OnNext(0);
                return state;
            },
            state => state.Subscribe(state.Stream.From(state.Start!)),
            state =>
            {
                for (int i = 1; i < 8; i++)
                {
                    state.Stream.OnNext(i);
                }
            },
            state => Assert.That(state.Observer.Events, Is.EqualTo(Enumerable.Range(0, 8))));
    }

    [Test]
    public void Dispose_RacesOnNext_ObserverSeesAPrefix()
    {
        Race.Run(
            Rounds,
            () =>
            {
                var state = new ObservedStream(NewStream());
                state.Subscribe(state.Stream.AsObservable());
                return state;
            },
            state => state.Subscription!.Dispose(),
            state =>
            {
                for (int i = 0; i < 4; i++)
                {
                    state.Stream.OnNext(i);
                }
            },
            state =>
            {
                Assert.That(state.Observer.Events, Is.EqualTo(Enumerable.Range(0, state.Observer.Count)));
                Assert.That(state.Stream.HasObservers, Is.False);
            });
    }

    [Test]
    public void Close_RacesJoin_JoinerReadsWhatFollows()
    {
        // One thread moves the tail on, segment by segment. The other joins at the tail, again and again.
        Race.Run(
            Rounds,
            NewStream,
            stream =>
            {
                for (int i = 0; i < 8; i++)
                {
                    Cursor<int> cursor = stream.Log.JoinNext();
                    long sequence = cursor.Sequence;
                    if (cursor.TryRead(stream.Log, out int value))
                    {
                        Assert.That(value, Is.EqualTo(sequence));
                    }

                    cursor.Close(stream.Log);
                }
            },
            stream =>
            {
                for (int i = 0; i < 200; i++)
                {
                    stream.OnNext(i);
                }
            },
            stream =>
            {
                stream.OnNextRange(new int[2 * capacity]);
                stream.GetNextPosition().OpenReader().Dispose();
            });
    }

    [Test]
    public void Sweep_RacesOnNext_AllReadersAreWoken()
    {
        Race.Run(
            Rounds,
            () =>
            {
                EventStream<int> stream = NewStream();
                return (object)(stream, stream.AsObservable().OpenReader(), stream.AsObservable().OpenReader());
            },
            state =>
            {
                var (stream, first, second) = ((EventStream<int>, EventReader<int>, EventReader<int>))state;
                Task<bool>[] waits = [first.WaitToReadAsync().AsTask(), second.WaitToReadAsync().AsTask()];
                StackAt<int>.Get(stream.Parking, ParkingPlace.Direct).Sweep();
                Race.Await(() => Array.TrueForAll(waits, w => w.IsCompleted), "the wake-up of both readers");
            },
            state => (((EventStream<int>, EventReader<int>, EventReader<int>))state).Item1.OnNext(7),
            _ => { });
    }

    private static EventStream<int> Stream(object state) => (((EventStream<int>, EventReader<int>))state).Item1;

    private static EventReader<int> Reader(object state) => (((EventStream<int>, EventReader<int>))state).Item2;

    private sealed class CancelledWait
    {
        public CancelledWait(EventStream<int> stream)
        {
            Stream = stream;
            Reader = stream.AsObservable().OpenReader();
            Wait = Reader.WaitToReadAsync(Cancellation.Token).AsTask();
        }

        public EventStream<int> Stream { get; }

        public EventReader<int> Reader { get; }

        public CancellationTokenSource Cancellation { get; } = new();

        public Task<bool> Wait { get; }
    }
}

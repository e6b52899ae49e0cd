using System.Reactive.Concurrency;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Projection;

/// <summary>A snapshot and the events after its position give the whole state, at any time and from any thread.</summary>
[TestFixture]
internal sealed class EventProjectionTests
{
    [Test]
    public void ToProjection_NullArguments_Throw()
    {
        using var stream = new EventStream<int>();

        Assert.That(() => ((EventStream<int>)null!).ToProjection(0, Sum), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("stream"));
        Assert.That(() => stream.ToProjection(0, (Func<int, int, int>)null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("apply"));
    }

    [Test]
    public void Current_NothingPublished_SeedAtPositionZero()
    {
        using var stream = new EventStream<int>();
        using EventProjection<int, int> projection = stream.ToProjection(7, Sum);

        EventSnapshot<int, int> current = projection.Current;

        Assert.That((current.State, current.Position.Sequence), Is.EqualTo((7, 0L)));
    }

    [Test]
    public void Current_EachEventPublished_UpToDateWhenOnNextReturns([Values(1, 2, 64)] int segmentCapacity)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = segmentCapacity });
        using EventProjection<int, int> projection = stream.ToProjection(0, Sum);
        int sum = 0;

        for (int i = 1; i <= 200; i++)
        {
            stream.OnNext(i);
            sum += i;
            EventSnapshot<int, int> current = projection.Current;
            Assert.That((current.State, current.Position.Sequence), Is.EqualTo((sum, (long)i)));
        }
    }

    [Test]
    public void Current_SnapshotHeld_ItsPositionHasEveryLaterEvent()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4 });
        using EventProjection<int, int> projection = stream.ToProjection(0, Sum);
        stream.OnNextRange([1, 2, 3]);
        EventSnapshot<int, int> early = projection.Current;

        for (int i = 4; i <= 100; i++)
        {
            stream.OnNext(i);
        }

        var seen = new List<int>();
        using IDisposable subscription = early.Position.AsObservable().Subscribe(seen.Add);
        Assert.That(early.State, Is.EqualTo(6));
        Assert.That(seen, Is.EqualTo(Enumerable.Range(4, 97)));
        Assert.That(projection.Current.State, Is.EqualTo(5_050));
    }

    [Test]
    public void ToProjection_RetainedEvents_StartsWithThem()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(3), SegmentCapacity = 2 });
        for (int i = 1; i <= 10; i++)
        {
            stream.OnNext(i);
        }

        using EventProjection<int, int> projection = stream.ToProjection(0, Sum);

        Assert.That((projection.Current.State, projection.Current.Position.Sequence), Is.EqualTo((8 + 9 + 10, 10L)));
    }

    [Test]
    public void ToProjection_StreamsScheduler_IsUsed()
    {
        var manual = new ManualScheduler();
        using var stream = new EventStream<int>(new EventStreamOptions { Scheduler = manual, LagPolicy = LagPolicy.DropOldest(1) });
        using EventProjection<int, int> projection = stream.ToProjection(0, Sum);
        stream.OnNextRange([1, 2, 3]);
        EventSnapshot<int, int> before = projection.Current;

        manual.RunAll();

        Assert.That((before.State, before.Position.Sequence), Is.EqualTo((0, 0L)));
        // The stream's lag policy does not apply: a projection must not miss an event.
        Assert.That((projection.Current.State, projection.Current.Position.Sequence), Is.EqualTo((6, 3L)));
    }

    [Test]
    public void ToProjection_VirtualTime_CurrentInEachTick()
    {
        var scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));
        using var stream = new EventStream<int>();
        using EventProjection<int, int> projection = stream.ToProjection(0, Sum);
        var sums = new List<int> { projection.Current.State };
        scheduler.Hot<int>("-1--2--3--|").Subscribe(stream);
        scheduler.Hot("             xxxxxxxxxxx").Subscribe(_ => sums.Add(projection.Current.State));

        scheduler.Start();

        Assert.That(sums, Is.EqualTo(new[] { 0, 0, 1, 1, 1, 3, 3, 3, 6, 6, 6, 6 }));
    }

    [Test]
    public void Current_StreamEnded_LastState([Values] bool fails)
    {
        using var stream = new EventStream<int>();
        using EventProjection<int, int> projection = stream.ToProjection(0, Sum);
        stream.OnNextRange([1, 2]);
        if (fails)
        {
            stream.OnError(Marbles.Error);
        }
        else
        {
            stream.OnCompleted();
        }

        EventSnapshot<int, int> current = projection.Current;
        var follower = new RecordingObserver<int>();
        current.Position.AsObservable().Subscribe(follower);

        Assert.That(current.State, Is.EqualTo(3));
        Assert.That(follower.Values, Is.Empty);
        Assert.That(follower.IsCompleted, Is.EqualTo(!fails));
        Assert.That(follower.Error, fails ? Is.SameAs(Marbles.Error) : Is.Null);
    }

    [Test]
    public void Current_ApplyThrew_SameErrorAndOthersUnaffected()
    {
        using var stream = new EventStream<int>();
        var other = new RecordingObserver<int>();
        int calls = 0;
        EventProjection<int, int> projection = stream.ToProjection(0, (sum, value) =>
        {
            calls++;
            return value == 3 ? throw Marbles.Error : sum + value;
        });
        stream.Subscribe(other);
        stream.OnNextRange([1, 2]);
        EventSnapshot<int, int> before = projection.Current;

        stream.OnNextRange([3, 4]);

        Assert.That(() => projection.Current, Throws.Exception.SameAs(Marbles.Error));
        Assert.That(() => projection.Current, Throws.Exception.SameAs(Marbles.Error));
        Assert.That(calls, Is.EqualTo(3));
        Assert.That(other.Values, Is.EqualTo(new[] { 1, 2, 3, 4 }));
        Assert.That(stream.Subscriptions, Has.Count.EqualTo(1));
        Assert.That(before.State, Is.EqualTo(3));
        projection.Dispose();
        Assert.That(() => projection.Current, Throws.Exception.SameAs(Marbles.Error));
    }

    [Test]
    public void ToProjection_ApplyThrowsInReplay_CurrentThrows()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.All });
        stream.OnNext(1);

        using EventProjection<int, int> projection = stream.ToProjection(0, (_, _) => throw Marbles.Error);

        Assert.That(() => projection.Current, Throws.Exception.SameAs(Marbles.Error));
        Assert.That(stream.HasObservers, Is.False);
    }

    [Test]
    public void Dispose_Twice_EndsAndKeepsSnapshots()
    {
        using var stream = new EventStream<int>();
        int calls = 0;
        EventProjection<int, int> projection = stream.ToProjection(0, (sum, value) =>
        {
            calls++;
            return sum + value;
        });
        stream.OnNext(1);
        EventSnapshot<int, int> taken = projection.Current;

        projection.Dispose();
        projection.Dispose();
        stream.OnNext(2);

        Assert.That(() => projection.Current, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(calls, Is.EqualTo(1));
        Assert.That(stream.HasObservers, Is.False);
        using EventReader<int> reader = taken.Position.OpenReader();
        Assert.That(reader.TryRead(out int next) && next == 2, Is.True);
    }

    [Test]
    public void Dispose_InsideApply_Ends()
    {
        using var stream = new EventStream<int>();
        EventProjection<int, int>? projection = null;
        projection = stream.ToProjection(0, (sum, value) =>
        {
            projection!.Dispose();
            return sum + value;
        });

        stream.OnNextRange([1, 2]);

        Assert.That(() => projection.Current, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(stream.HasObservers, Is.False);
    }

    [Test]
    public void Current_StreamDisposed_Throws()
    {
        var stream = new EventStream<int>();
        using EventProjection<int, int> projection = stream.ToProjection(0, Sum);
        stream.Dispose();

        Assert.That(() => projection.Current, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => stream.ToProjection(0, Sum), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Dispose_Projection_FreesItsSegments()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 16 });
        EventProjection<int, int> projection = stream.ToProjection(0, Sum);

        // The projection drops the position that it started at, and the collector frees it.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        for (int i = 0; i < 10_000; i++)
        {
            stream.OnNext(i);
        }

        int alive = stream.Log.CountSegments();
        projection.Dispose();
        for (int i = 0; i < 100; i++)
        {
            stream.OnNext(i);
        }

        Assert.That(alive, Is.LessThanOrEqualTo(3));
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(2));
    }

    [Test]
    public async Task Current_ConcurrentWritersAndJoins_SnapshotPlusEventsMatch([Values] bool isScheduled)
    {
        const int Writers = 3;
        const int Joins = 10_000;
        using var stream = new EventStream<int>(new EventStreamOptions
        {
            SegmentCapacity = 64,
            Scheduler = isScheduled ? TaskPoolScheduler.Default : null,
        });
        using EventProjection<State, int> projection = stream.ToProjection(new State(0, 17), Apply);
        using EventReader<int> everything = projection.Current.Position.OpenReader();
        int joined = 0;
        Task[] writers = [.. Enumerable.Range(0, Writers).Select(w => Eventually.OnThread(() =>
        {
            // Yield, so that the writers are about as fast as the joins and each follower has little to read.
            for (int i = 0; Volatile.Read(ref joined) < Joins; i++)
            {
                stream.OnNext((w * 100_000_000) + i);
                Thread.Yield();
            }
        }))];

        var joins = new List<EventSnapshot<State, int>>();
        var deltas = new List<int[]>();
        Task[] joiners = [.. Enumerable.Range(0, 2).Select(_ => Eventually.OnThread(() =>
        {
            var random = new Random(1);
            while (Volatile.Read(ref joined) < Joins)
            {
                EventSnapshot<State, int> snapshot = projection.Current;
                using EventReader<int> follower = snapshot.Position.OpenReader();
                Thread.SpinWait(random.Next(200));
                var read = new List<int>();
                while (read.Count < 20 && follower.TryRead(out int value))
                {
                    read.Add(value);
                }

                lock (joins)
                {
                    joins.Add(snapshot);
                    deltas.Add([.. read]);
                    joined = joins.Count;
                }
            }
        }))];

        await Eventually.Ends(Task.WhenAll([.. writers, .. joiners]));

        // The expected state after each event.
        var states = new List<State> { new(0, 17) };
        while (everything.TryRead(out int value))
        {
            states.Add(Apply(states[^1], value));
        }

        for (int j = 0; j < joins.Count; j++)
        {
            int sequence = (int)joins[j].Position.Sequence;
            Assert.That(joins[j].State, Is.EqualTo(states[sequence]));
            Assert.That(deltas[j].Aggregate(joins[j].State, Apply), Is.EqualTo(states[sequence + deltas[j].Length]));
        }

        Eventually.IsTrue(() => projection.Current.State == states[^1], "The projection has applied every event.");
        Assert.That(joins, Has.Count.GreaterThanOrEqualTo(Joins));
    }

    [Test]
    public void Dispose_DuringEvents_EndsOnce() =>
        Race.Run(
            3_000,
            () =>
            {
                var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 2 });
                return new Racing(stream, stream.ToProjection(0, Sum));
            },
            state =>
            {
                for (int i = 0; i < 10; i++)
                {
                    state.Stream.OnNext(1);
                }
            },
            state =>
            {
                Assert.That(state.Projection.Current.State, Is.InRange(0, 10));
                state.Projection.Dispose();
            },
            state =>
            {
                Assert.That(() => state.Projection.Current, Throws.TypeOf<ObjectDisposedException>());
                state.Stream.OnNextRange([1, 2, 3, 4, 5]);
                Assert.That(state.Stream.HasObservers, Is.False);
                state.Stream.Dispose();
            });

    private static int Sum(int sum, int value) => sum + value;

    /// <summary>The result depends on every event and on their order.</summary>
    private static State Apply(State state, int value) => new(state.Count + 1, (state.Hash * 31) + value);

    private sealed record Racing(EventStream<int> Stream, EventProjection<int, int> Projection);

    private sealed record State(int Count, long Hash);
}

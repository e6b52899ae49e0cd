using System.Reactive.Concurrency;
using System.Reactive.Linq;
using Microsoft.Reactive.Testing;
using Rx.Tests.Contract;

namespace Rx.Tests.Projection;

/// <summary>When <c>apply</c> throws, followers of a snapshot's position get that error in place of the event.</summary>
[TestFixture]
internal sealed class ProjectionFaultTests
{
    private const int Poison = 3;

    [Test]
    public void Follow_OnThePublishingThread_ErrorInPlaceOfTheEvent()
    {
        using var stream = new EventStream<int>();
        using EventProjection<int, int> projection = stream.ToProjection(0, Apply);
        var follower = new RecordingObserver<int>();
        var other = new RecordingObserver<int>();
        projection.Current.Position.AsObservable().Subscribe(follower);
        stream.GetNextPosition().AsObservable().Subscribe(other);

        stream.OnNextRange([1, 2, Poison, 4]);

        Assert.That(follower.Values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(follower.Error, Is.SameAs(Marbles.Error));
        Assert.That(follower.Violations, Is.Empty);
        Assert.That(other.Values, Is.EqualTo(new[] { 1, 2, Poison, 4 }));
        Assert.That(stream.Subscriptions, Has.Count.EqualTo(1));
    }

    [Test]
    public void Follow_OnSchedulers_EachFollowerGetsTheError([Values] bool isBounded)
    {
        using var stream = new EventStream<int>();
        using EventProjection<int, int> projection = stream.ToProjection(0, Apply);
        using var loop = new EventLoopScheduler();
        RecordingObserver<int>[] followers = [new(), new(), new()];
        EventObservable<int> observable = projection.Current.Position.AsObservable();
        observable = isBounded ? observable.WithLagPolicy(LagPolicy.DropOldest(100)) : observable;
        observable.ObserveOn(TaskPoolScheduler.Default).Subscribe(followers[0]);
        observable.ObserveOn(loop).Subscribe(followers[1]);
        observable.ObserveOn(NewThreadScheduler.Default).Subscribe(followers[2]);

        stream.OnNextRange([1, 2, Poison]);

        foreach (RecordingObserver<int> follower in followers)
        {
            // No later event wakes the follower: if it was ahead of the projection and has parked, the error must wake it.
            Eventually.IsTrue(() => follower.IsEnded, "The follower gets the error.");
            Assert.That(follower.Error, Is.SameAs(Marbles.Error));
            Assert.That(follower.Values, Is.EqualTo(new[] { 1, 2 }).Or.EqualTo(new[] { 1, 2, Poison }));
        }

        Assert.That(stream.Subscriptions, Is.Empty);
    }

    [Test]
    public async Task Follow_ReaderIsAheadAndWaits_WaitEndsWithTheError()
    {
        var scheduler = new TestScheduler();
        using var stream = new EventStream<int>(new EventStreamOptions { Scheduler = scheduler });
        using EventProjection<int, int> projection = stream.ToProjection(0, Apply);
        using EventReader<int> reader = projection.Current.Position.OpenReader();
        Task completion = reader.Completion;
        stream.OnNext(Poison);
        Assert.That(reader.TryRead(out _), Is.True);
        ValueTask<bool> wait = reader.WaitToReadAsync();
        Assert.That(wait.IsCompleted, Is.False);

        scheduler.Start();

        Assert.That(await Eventually.Ends(Catch(wait)), Is.SameAs(Marbles.Error));
        Assert.That(await Eventually.Ends(Catch(reader.WaitToReadAsync())), Is.SameAs(Marbles.Error));
        Assert.That(reader.TryRead(out _), Is.False);
        Assert.That(() => Eventually.Ends(completion), Throws.Exception.SameAs(Marbles.Error));
    }

    [Test]
    public void Follow_ObserverIsAheadAndParked_GetsTheError()
    {
        var behind = new TestScheduler();
        var ahead = new TestScheduler();
        using var stream = new EventStream<int>(new EventStreamOptions { Scheduler = behind });
        using EventProjection<int, int> projection = stream.ToProjection(0, Apply);
        var follower = new RecordingObserver<int>();
        projection.Current.Position.AsObservable().ObserveOn(ahead).Subscribe(follower);
        stream.OnNextRange([Poison, 4]);
        ahead.Start();
        Assert.That(follower.Values, Is.EqualTo(new[] { Poison, 4 }));

        behind.Start();
        ahead.Start();

        Assert.That(follower.Error, Is.SameAs(Marbles.Error));
    }

    [Test]
    public void Follow_InlineAheadOfTheProjection_ErrorWithTheNextEvent([Values] bool endsFirst)
    {
        var scheduler = new TestScheduler();
        using var stream = new EventStream<int>(new EventStreamOptions { Scheduler = scheduler });
        using EventProjection<int, int> projection = stream.ToProjection(0, Apply);
        var follower = new RecordingObserver<int>();
        projection.Current.Position.AsObservable().ObserveOn(ImmediateScheduler.Instance).Subscribe(follower);
        stream.OnNext(Poison);
        scheduler.Start();

        if (endsFirst)
        {
            stream.OnCompleted();
        }
        else
        {
            stream.OnNext(4);
        }

        Assert.That(follower.Values, Is.EqualTo(new[] { Poison }));
        Assert.That(follower.Error, Is.SameAs(Marbles.Error));
        Assert.That(follower.Violations, Is.Empty);
    }

    [Test]
    public void Follow_BatchAndWithSequence_ErrorInPlaceOfTheEvent()
    {
        using var stream = new EventStream<int>();
        using EventProjection<int, int> projection = stream.ToProjection(0, Apply);
        EventObservable<int> observable = projection.Current.Position.AsObservable();
        var sequences = new RecordingObserver<Sequenced<int>>();
        var batches = new RecordingObserver<int>();
        var late = new RecordingObserver<int>();
        observable.WithSequence().Subscribe(sequences);
        observable.Batch(10).SelectMany(static batch => batch.ToArray()).Subscribe(batches);

        stream.OnNextRange([1, 2, Poison, 4]);
        observable.Subscribe(late);

        Assert.That(sequences.Values, Is.EqualTo(new[] { new Sequenced<int>(0, 1), new Sequenced<int>(1, 2) }));
        Assert.That(sequences.Error, Is.SameAs(Marbles.Error));
        foreach (RecordingObserver<int> observer in new[] { batches, late })
        {
            Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2 }));
            Assert.That(observer.Error, Is.SameAs(Marbles.Error));
        }
    }

    [Test]
    public void Follow_ProjectionDisposed_GoesOn()
    {
        using var stream = new EventStream<int>();
        EventProjection<int, int> projection = stream.ToProjection(0, Apply);
        var follower = new RecordingObserver<int>();
        projection.Current.Position.AsObservable().Subscribe(follower);

        projection.Dispose();
        stream.OnNext(Poison);

        Assert.That(follower.Values, Is.EqualTo(new[] { Poison }));
        Assert.That(follower.Error, Is.Null);
    }

    private static int Apply(int sum, int value) => value == Poison ? throw Marbles.Error : sum + value;

    private static async Task<Exception?> Catch(ValueTask<bool> wait)
    {
        try
        {
            await wait;
            return null;
        }
        catch (Exception error)
        {
            return error;
        }
    }
}

using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Runtime.CompilerServices;
using Rx.Tests.Contract;

namespace Rx.Tests.Projection;

/// <summary>The short ways to follow a projection keep no event that was delivered.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
[Category("Slow")]
internal sealed class ProjectionMemoryTests(StreamConfiguration configuration)
{
    private const int Events = 2_000;
    private const int MostAlive = 200;

    private EventStream<object> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<object>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void Follow_AfterTheEvents_KeepsNothing([Values("follow", "reader", "start with", "snapshot", "states")] string how)
    {
        using EventProjection<int, object> projection = _stream.ToProjection(0, static (count, _) => count + 1);
        (object kept, Action read) = Follow(projection, how);

        WeakReference[] events = Publish();
        read();

        Eventually.IsTrue(() => CountAlive(events) < MostAlive, "The events are collected.");
        Assert.That(projection.State, Is.EqualTo(Events));
        GC.KeepAlive(kept);
        GC.KeepAlive(read);
    }

    [Test]
    public async Task End_ProjectionStillReferenced_ForgetsApply([Values] bool onScheduler, [Values("completed", "failed", "disposed", "stream disposed")] string end)
    {
        EventProjection<int, object> projection = Create(out WeakReference used);
        _stream.OnNext(new object());
        await Eventually.Ends(projection.WhenReachedAsync(0));
        switch (end)
        {
            case "completed":
                _stream.OnCompleted();
                break;
            case "failed":
                _stream.OnError(new TimeoutException());
                break;
            case "disposed":
                projection.Dispose();
                break;
            default:
                _stream.Dispose();
                break;
        }

        Eventually.IsTrue(() => projection.Completion.IsCompleted, "It has ended.");
        Eventually.IsTrue(() => CountAlive([used]) == 0, "What apply refers to is collected.");
        GC.KeepAlive(projection);

        [MethodImpl(MethodImplOptions.NoInlining)]
        EventProjection<int, object> Create(out WeakReference used)
        {
            var referenced = new object();
            used = new WeakReference(referenced);
            return (onScheduler ? _stream.ObserveOn(TaskPoolScheduler.Default) : _stream.WithName("p")).ToProjection(
                0, (count, value) => ReferenceEquals(value, referenced) ? throw new InvalidOperationException() : count + 1);
        }
    }

    [Test]
    public void AsObservable_LaterStates_ForgetsTheStateThatItJoinedWith()
    {
        using EventProjection<object, object> projection = _stream.ToProjection(new object(), static (_, value) => value);
        IDisposable subscription = projection.AsObservable().Subscribe(static _ => { });

        WeakReference[] joinedWith = PublishAndJoin(projection, out IDisposable late);
        _stream.OnNext(new object());

        Eventually.IsTrue(() => CountAlive(joinedWith) < MostAlive, "The states are collected.");
        Assert.That(joinedWith.Last().IsAlive, Is.False);
        GC.KeepAlive((subscription, late));

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference[] PublishAndJoin(EventProjection<object, object> source, out IDisposable observer)
        {
            WeakReference[] events = Publish();
            observer = source.AsObservable().Subscribe(static _ => { });
            for (int i = 0; i < MostAlive; i++)
            {
                _stream.OnNext(new object());
            }

            return events;
        }
    }

    /// <summary>The subscription, what was captured for it, and what reads the rest.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (object Kept, Action Read) Follow(EventProjection<int, object> projection, string how)
    {
        int seen = 0;
        switch (how)
        {
            case "follow":
                return (projection.Follow(state => seen = state, new RecordingCount()), () => { });
            case "reader":
                EventReader<object> reader = projection.OpenReader(out seen);
                return (reader, () =>
                {
                    while (reader.TryRead(out _))
                    {
                        seen++;
                    }
                });
            case "start with":
                using (EventSnapshot<int, object> now = projection.Current)
                {
                    return (now.Position.AsObservable().Select(static _ => 1).StartWith(now.State).Subscribe(_ => seen++), () => { });
                }

            case "snapshot":
                EventSnapshot<int, object> held = projection.Current;
                IDisposable subscription = held.Position.AsObservable().Subscribe(_ => seen += held.State);
                held.Dispose();
                return ((subscription, held), () => { });
            default:
                return (projection.AsObservable().Subscribe(state => seen = state), () => { });
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference[] Publish()
    {
        var events = new WeakReference[Events];
        for (int i = 0; i < Events; i++)
        {
            object value = new();
            events[i] = new WeakReference(value);
            _stream.OnNext(value);
        }

        return events;
    }

    private static int CountAlive(WeakReference[] events)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return events.Count(static e => e.IsAlive);
    }

    private sealed class RecordingCount : IObserver<object>
    {
        public int Count { get; private set; }

        public void OnNext(object value) => Count++;

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }
}

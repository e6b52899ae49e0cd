using System.Reactive.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>An observer on a context that runs callbacks inside <c>Post</c> is called while its publisher wakes readers, and publishes to its own stream
/// there: that is inside a delivery, also of a stream with one writer.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class PublishingInsidePostTests(StreamConfiguration configuration)
{
    private readonly CallingContext _context = new();
    private readonly List<int> _own = [];
    private readonly List<int> _other = [];

    [SetUp]
    public void SetUp()
    {
        _own.Clear();
        _other.Clear();
    }

    [Test]
    public void OnNext_ByAnObserverOnTheContext_ReachesAllInOrder(
        [Values("none", "inline", "current thread", "context", "late")] string other, [Values] bool isRun, [Values] bool nestsRun, [Values] bool isFirst,
        [Values("observer", "handler", "batch")] string kind)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using EventReader<int> all = stream.OpenReader();
        if (!isFirst)
        {
            SubscribeOther(stream, other);
        }

        EventObservable<int> observable = stream.ObserveOn(_context);
        using IDisposable publishing = kind switch
        {
            "handler" => observable.SubscribeAwait((value, _) =>
            {
                OnOwn(value);
                return default;
            }),
            "batch" => observable.Batch(1).Subscribe(batch => OnOwn(batch.Span[0])),
            _ => observable.Subscribe(OnOwn),
        };
        if (isFirst)
        {
            SubscribeOther(stream, other);
        }

        for (int round = 0; round < 3; round++)
        {
            if (isRun)
            {
                stream.OnNextRange([0, 1, 2]);
            }
            else
            {
                Array.ForEach([0, 1, 2], stream.OnNext);
            }
        }

        all.TryReadBatch(int.MaxValue, out ReadOnlyMemory<int> published);
        Assert.That(published.ToArray().Where(static value => value < 10), Is.EqualTo(new[] { 0, 1, 2, 0, 1, 2, 0, 1, 2 }));
        Assert.That(published.Length, Is.EqualTo(9 + (3 * (nestsRun ? 3 : 1)) + (other == "late" ? 1 : 0)));
        Assert.That(_own, Is.EqualTo(published.ToArray()));
        Assert.That(_other, Is.EqualTo(other == "none" ? [] : published.ToArray()[^_other.Count..]));
        Assert.That(_other, Has.Count.GreaterThanOrEqualTo(other == "none" ? 0 : published.Length - 3));

        void OnOwn(int value)
        {
            _own.Add(value);
            if (value != 0)
            {
                return;
            }

            if (other == "late" && _own.Count == 1)
            {
                stream.Subscribe(_other.Add);
                stream.OnNext(20);
            }

            if (nestsRun)
            {
                stream.OnNextRange([10, 11, 12]);
            }
            else
            {
                stream.OnNext(10);
            }
        }
    }

    private void SubscribeOther(EventStream<int> stream, string other)
    {
        switch (other)
        {
            case "inline":
                stream.Subscribe(_other.Add);
                break;
            case "current thread":
                stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(_other.Add);
                break;
            case "context":
                stream.ObserveOn(_context).Subscribe(_other.Add);
                break;
            default:
                break;
        }
    }
}

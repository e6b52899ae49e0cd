using Rx.Delivery;

namespace Rx.Tests.Delivery;

/// <summary>Waiting for many subscriptions looks at each about once, however often it is asked, so that one waiter does not slow deliveries
/// down.</summary>
[TestFixture]
internal sealed class LaggingSubscriptionsTests
{
    [Test]
    public void HaveCaughtUp_AskedAfterEachMove_LooksAtEachTwice([Values(1, 10, 1_000)] int count)
    {
        const long Next = 5;
        Looked[] all = [.. Enumerable.Range(0, count).Select(static _ => new Looked())];
        var lagging = new LaggingSubscriptions(all, Next);
        Assert.That(lagging.HaveCaughtUp(), Is.False);
        for (int i = 0; i < count; i++)
        {
            all[i].Consumed = Next;
            Assert.That(lagging.HaveCaughtUp(), Is.EqualTo(i == count - 1));
        }

        Assert.That(all.Sum(static s => s.Looks), Is.LessThanOrEqualTo(2 * count));
    }

    [Test]
    public void HaveCaughtUp_OthersAreFirst_WaitsForTheLast()
    {
        Looked[] all = [new Looked(), new Looked { Consumed = 1 }, new Looked { Consumed = 1 }];
        var lagging = new LaggingSubscriptions(all, 1);
        Assert.That(lagging.HaveCaughtUp(), Is.False);
        all[0].Consumed = 1;

        Assert.That(lagging.HaveCaughtUp(), Is.True);
        Assert.That(new LaggingSubscriptions([], 1).HaveCaughtUp(), Is.True);
    }

    private sealed class Looked() : EventSubscription(null)
    {
        public long Consumed { get; set; }

        public int Looks { get; private set; }

        public override long Sequence => Consumed;

        public override long Lag => 0;

        public override long Delivered => 0;

        public override long Dropped => 0;

        public override long Faults => 0;

        public override bool IsDisposed => false;

        internal override long KeptEvents => 0;

        internal override Func<long> SequenceInDelivery => () => 0;

        public override void Dispose()
        {
        }

        internal override bool HasConsumed(long sequence)
        {
            Looks++;
            return Consumed >= sequence;
        }

        internal override void OnEnded(Action action) => action();

        internal override Task WhenReturnedAsync() => Task.CompletedTask;

        internal override Task WhenConsumedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

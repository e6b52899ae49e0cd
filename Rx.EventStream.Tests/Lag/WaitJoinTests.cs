using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

/// <summary>A subscriber with <see cref="LagPolicy.Wait"/> that joins while others publish, and replays nothing, begins within its bound.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class WaitJoinTests(StreamConfiguration configuration)
{
    private const int Rounds = 60;
    private const int Bound = 3;

    [Test]
    public async Task Subscribe_WhileAnotherThreadPublishes_LagsNoFurtherThanTheBound(
        [Values("reader", "observer", "handler", "batches", "second reader")] string kind)
    {
        long most = 0;
        for (int round = 0; round < Rounds; round++)
        {
            using EventStream<int> stream = configuration.Create<int>();
            var scheduler = new ManualScheduler();
            int published = 0;
            Thread? publisher = null;
            bool hasEnded = false;
            Task publishing = Eventually.OnThread(() =>
            {
                Volatile.Write(ref publisher, Thread.CurrentThread);
                while (!Volatile.Read(ref hasEnded))
                {
                    stream.OnNext(published);
                    Volatile.Write(ref published, published + 1);
                }
            });
            Eventually.IsTrue(() => Volatile.Read(ref published) > 1_000, "The other thread publishes.");
            EventObservable<int> events = stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.Wait(Bound));
            using IDisposable? first = kind == "second reader" ? stream.WithLagPolicy(LagPolicy.Wait(100)).OpenReader() : null;
            using IDisposable subscription = kind switch
            {
                "observer" => events.Subscribe(static _ => { }),
                "handler" => events.SubscribeAwait(static (_, _) => default),
                "batches" => events.Batch(2).Subscribe(static _ => { }),
                _ => stream.WithLagPolicy(LagPolicy.Wait(Bound)).OpenReader(),
            };
            EventSubscription listed = stream.Subscriptions[^1];
            long before = listed.Sequence;
            Assert.That(listed.Delivered, Is.Zero);
            Eventually.IsTrue(() => Volatile.Read(ref publisher)!.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "The publisher waits.");
            most = Math.Max(most, stream.NextSequence - listed.Sequence);

            Assert.That(listed.Sequence, Is.EqualTo(before));
            Volatile.Write(ref hasEnded, true);
            subscription.Dispose();
            first?.Dispose();
            await Eventually.Ends(publishing);
        }

        Assert.That(most, Is.InRange(1, Bound + 1), "One event may have been on its way, and not have met the bound.");
    }
}

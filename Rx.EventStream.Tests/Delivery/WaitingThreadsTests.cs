using Rx.Delivery;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>A thread does not wait for a drainer that waits for it, directly or through others.</summary>
[TestFixture]
internal sealed class WaitingThreadsTests
{
    [Test]
    public void TryEnter_DrainerDoesNotWait_IsTrue()
    {
        Assert.That(WaitingThreads.TryEnter(new Drained { DrainerThread = -1 }), Is.True);
        WaitingThreads.Leave();
    }

    [Test]
    public void TryEnter_NoDrainer_IsTrue()
    {
        Assert.That(WaitingThreads.TryEnter(new Drained()), Is.True);
        WaitingThreads.Leave();
    }

    [Test]
    public void TryEnter_OwnDelivery_IsFalse() =>
        Assert.That(WaitingThreads.TryEnter(new Drained { DrainerThread = Environment.CurrentManagedThreadId }), Is.False);

    [Test]
    public void TryEnter_DrainersWaitInACircle_OnlyTheLastDoesNotWait([Values(2, 3, 5)] int threads)
    {
        Drained[] deliveries = [.. Enumerable.Range(0, threads).Select(static _ => new Drained())];
        bool[] entered = new bool[threads];
        using var drained = new Barrier(threads);
        using var tried = new Barrier(threads);
        Task[] all =
        [
            .. Enumerable.Range(0, threads).Select(index => Eventually.OnThread(() =>
            {
                deliveries[index].DrainerThread = Environment.CurrentManagedThreadId;
                drained.SignalAndWait();
                entered[index] = WaitingThreads.TryEnter(deliveries[(index + 1) % threads]);
                tried.SignalAndWait();
                if (entered[index])
                {
                    WaitingThreads.Leave();
                }
            })),
        ];
        Task.WaitAll(all);

        Assert.That(entered.Count(static e => !e), Is.EqualTo(1));
    }

    private sealed class Drained : IDrained
    {
        public int DrainerThread { get; set; }
    }
}

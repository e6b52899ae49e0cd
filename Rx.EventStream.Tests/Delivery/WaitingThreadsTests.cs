using Rx.Parking;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>A thread does not wait for another that waits for it, directly or through others.</summary>
[TestFixture]
internal sealed class WaitingThreadsTests
{
    [Test]
    public void TryEnter_HolderDoesNotWait_IsTrue()
    {
        WaitingThread waiting = WaitsFor(new Held { Thread = -1 });

        Assert.That(WaitingThreads.TryEnter(waiting), Is.True);
        WaitingThreads.Leave(waiting);
    }

    [Test]
    public void TryEnter_Itself_IsFalse() => Assert.That(WaitingThreads.TryEnter(WaitsFor(new Held { Thread = Id })), Is.False);

    [Test]
    public void TryEnter_HoldersWaitInACircle_OnlyTheLastDoesNotWait([Values(2, 3, 5)] int threads)
    {
        Held[] held = [.. Enumerable.Range(0, threads).Select(static _ => new Held())];
        bool[] entered = new bool[threads];
        using var holds = new Barrier(threads);
        using var tried = new Barrier(threads);
        Task[] all =
        [
            .. Enumerable.Range(0, threads).Select(index => Eventually.OnThread(() =>
            {
                held[index].Thread = Id;
                holds.SignalAndWait();
                WaitingThread waiting = WaitsFor(held[(index + 1) % threads]);
                entered[index] = WaitingThreads.TryEnter(waiting);
                tried.SignalAndWait();
                WaitingThreads.Leave(waiting);
            })),
        ];
        Task.WaitAll(all);

        Assert.That(entered.Count(static e => !e), Is.EqualTo(1));
    }

    /// <summary>The last one of the circle cannot do without what it waits for, and one of the others can.</summary>
    [Test]
    public async Task Wait_ClosesACircle_TheOneThatCanGivesUp([Values(1, 2, 4)] int between)
    {
        Held[] held = [.. Enumerable.Range(0, between + 1).Select(static _ => new Held())];
        var mayReturn = new TaskCompletionSource();
        int givenUp = 0;
        Task[] others =
        [
            .. Enumerable.Range(1, between).Select(index => Eventually.OnThread(() =>
            {
                held[index].Thread = Id;
                if (index == between)
                {
                    WaitingThread turn = WaitsFor(held[0], () => Interlocked.Increment(ref givenUp));
                    Assert.That(WaitingThreads.TryEnter(turn), Is.True);
                    mayReturn.Task.Wait();
                    WaitingThreads.Leave(turn);
                }
                else
                {
                    WaitingThreads.Wait(WaitsFor(held[index + 1]), mayReturn.Task);
                }
            })),
        ];
        WaitingThread unrelated = WaitsFor(new Held { Thread = -1 }, () => Interlocked.Add(ref givenUp, 100));
        WaitingThreads.TryEnter(unrelated);
        Eventually.IsTrue(() => held.Skip(1).All(static h => h.Thread != 0), "The others run.");
        Task closing = Eventually.OnThread(() =>
        {
            held[0].Thread = Id;
            WaitingThreads.Wait(WaitsFor(held[1]), mayReturn.Task);
        });

        Eventually.IsTrue(() => Volatile.Read(ref givenUp) != 0, "The one that can gives up.");
        mayReturn.SetResult();
        await Eventually.Ends(Task.WhenAll([.. others, closing]));
        WaitingThreads.Leave(unrelated);
        Assert.That(givenUp, Is.InRange(1, between + 1), "It is told by each that closes the circle.");
    }

    private static int Id => Environment.CurrentManagedThreadId;

    private static WaitingThread WaitsFor(Held held, Action? giveUp = null) => new(CallingThread.Current, [], held, giveUp);

    private sealed class Held : IWaitedFor
    {
        private int _thread;

        public int Thread
        {
            get => Volatile.Read(ref _thread);
            set => Volatile.Write(ref _thread, value);
        }

        public bool IsHeldBy(WaitingThread thread) => thread.Thread.Id == Thread;
    }
}

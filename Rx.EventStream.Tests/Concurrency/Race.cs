using System.Diagnostics;

namespace Rx.Tests.Concurrency;

/// <summary>Runs two actions at the same time on two threads, many times, each time from a fresh state.</summary>
internal static class Race
{
    /// <summary>Far longer than a round takes. A race that starts no round in this time hangs.</summary>
    private static readonly TimeSpan _hangTimeout = TimeSpan.FromSeconds(60);

    /// <summary>No round starts after this time, however busy the machine is.</summary>
    private static readonly TimeSpan _maxDuration = TimeSpan.FromSeconds(20);

    /// <summary>How long to wait for something that comes soon, or never because a wake-up is lost.</summary>
    private static readonly TimeSpan _waitTimeout = TimeSpan.FromSeconds(30);

    /// <summary>In each round calls <paramref name="arrange"/>, then <paramref name="first"/> and <paramref name="second"/> at the same time, give or take
    /// a random delay, then <paramref name="check"/>.</summary>
    public static void Run<TState>(
        int rounds, Func<TState> arrange, Action<TState> first, Action<TState> second, Action<TState> check)
        where TState : class
    {
        using var barrier = new Barrier(2);
        TState? state = null;
        Exception? error = null;
        int begun = 0;
        bool isOver = false;

        var other = new Thread(() => Loop(second, isCoordinator: false)) { IsBackground = true };
        var coordinator = new Thread(() => Loop(first, isCoordinator: true)) { IsBackground = true };
        other.Start();
        coordinator.Start();
        int seen;
        do
        {
            seen = Volatile.Read(ref begun);
        }
        while (!(other.Join(_hangTimeout) && coordinator.Join(_hangTimeout)) && Volatile.Read(ref begun) != seen);
        Assert.That(other.IsAlive || coordinator.IsAlive, Is.False, "The race hangs.");
        if (error is not null)
        {
            Assert.Fail(error.ToString());
        }

        void Loop(Action<TState> action, bool isCoordinator)
        {
            var random = new Random(isCoordinator ? 1 : 2);
            long start = Stopwatch.GetTimestamp();
            while (true)
            {
                if (isCoordinator)
                {
                    isOver = error is not null || begun == rounds || Stopwatch.GetElapsedTime(start) > _maxDuration;
                    if (!isOver)
                    {
                        Guard(() => state = arrange());
                        Volatile.Write(ref begun, begun + 1);
                    }
                }

                barrier.SignalAndWait();
                if (isOver)
                {
                    return;
                }

                Thread.SpinWait(random.Next(40));
                Guard(() => action(state!));
                barrier.SignalAndWait();
                if (error is null && isCoordinator)
                {
                    Guard(() => check(state!));
                }
            }
        }

        void Guard(Action action)
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref error, e, null);
            }
        }
    }

    /// <summary>Waits for a condition that must come true without any further action of the test.</summary>
    public static void Await(Func<bool> condition, string what)
    {
        if (!SpinWait.SpinUntil(condition, _waitTimeout))
        {
            throw new TimeoutException($"Waited in vain for {what}.");
        }
    }
}

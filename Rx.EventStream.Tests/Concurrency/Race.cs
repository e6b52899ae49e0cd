using System.Diagnostics;

namespace Rx.Tests.Concurrency;

/// <summary>Runs two actions against each other, many times, each time from a fresh state.</summary>
internal static class Race
{
    /// <summary>Far beyond what a round takes: who has not ended one by then hangs.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    /// <summary>No round begins later, where other programs want the processors too.</summary>
    private static readonly TimeSpan _enough = TimeSpan.FromSeconds(20);

    /// <summary>How long to wait for something that must come, and that a lost wake-up would keep away for ever.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    /// <summary>Runs <paramref name="first"/> and <paramref name="second"/> at the same moment, give or take a skew that changes from round to round.</summary>
    public static void Run<TState>(
        int rounds, Func<TState> arrange, Action<TState> first, Action<TState> second, Action<TState> check)
        where TState : class
    {
        using var barrier = new Barrier(2);
        TState? state = null;
        Exception? error = null;
        int begun = 0;
        bool isOver = false;

        var other = new Thread(() => Loop(second, isReferee: false)) { IsBackground = true };
        var referee = new Thread(() => Loop(first, isReferee: true)) { IsBackground = true };
        other.Start();
        referee.Start();
        int seen;
        do
        {
            seen = Volatile.Read(ref begun);
        }
        while (!(other.Join(_limit) && referee.Join(_limit)) && Volatile.Read(ref begun) != seen);
        Assert.That(other.IsAlive || referee.IsAlive, Is.False, "The race hangs.");
        if (error is not null)
        {
            Assert.Fail(error.ToString());
        }

        void Loop(Action<TState> action, bool isReferee)
        {
            var random = new Random(isReferee ? 1 : 2);
            long start = Stopwatch.GetTimestamp();
            while (true)
            {
                if (isReferee)
                {
                    isOver = error is not null || begun == rounds || Stopwatch.GetElapsedTime(start) > _enough;
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
                if (error is null && isReferee)
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

    /// <summary>Waits for what must come true without anything more being done.</summary>
    public static void Await(Func<bool> condition, string what)
    {
        if (!SpinWait.SpinUntil(condition, _patience))
        {
            throw new TimeoutException($"Never came: {what}.");
        }
    }
}

namespace Rx.Tests.Concurrency;

/// <summary>Runs two actions against each other, many times, each time from a fresh state.</summary>
internal static class Race
{
    /// <summary>Far beyond what any race takes: who is not back by then hangs.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    /// <summary>How long to wait for something that must come, and that a lost wake-up would keep away for ever.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    /// <summary>Runs <paramref name="first"/> and <paramref name="second"/> at the same moment, give or take a skew that changes from round to round.</summary>
    public static void Run<TState>(
        int rounds, Func<TState> arrange, Action<TState> first, Action<TState> second, Action<TState> check)
        where TState : class
    {
        using var barrier = new Barrier(2);
        TState? state = null;
        Exception? error = null;

        var other = new Thread(() => Loop(second, isReferee: false)) { IsBackground = true };
        var referee = new Thread(() => Loop(first, isReferee: true)) { IsBackground = true };
        other.Start();
        referee.Start();
        Assert.That(other.Join(_limit) && referee.Join(_limit), Is.True, "The race hangs.");
        if (error is not null)
        {
            Assert.Fail(error.ToString());
        }

        void Loop(Action<TState> action, bool isReferee)
        {
            var random = new Random(isReferee ? 1 : 2);
            for (int round = 0; round < rounds; round++)
            {
                if (isReferee)
                {
                    Guard(() => state = arrange());
                }

                barrier.SignalAndWait();
                if (error is not null)
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

using Rx.Tests.Concurrency;

namespace Rx.Tests.Handlers;

/// <summary>A call returns at the moment when another thread disposes the subscription. What the store looks like has no part in it.</summary>
[NonParallelizable]
[TestFixture(false)]
[TestFixture(true)]
[Category("Slow")]
internal sealed class HandlerDisposeRaceTests(bool isSingleWriter)
{
    private const int Rounds = 40_000;

    /// <summary>
    /// <code>
    /// H (handler):    the call is pushed;  wakes the pump, which settles it and calls with the next event
    /// D (disposing):  ends the pump;       no call runs? then it has ended
    /// </code>
    /// </summary>
    [Test]
    public void Dispose_AsACallReturns_NoCallBeginsLaterAndEachIsAwaited([Values(1, 2)] int maxConcurrency)
    {
        var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        var calls = new List<ManualCall>();
        CancellationToken handed = default;
        var options = new SubscribeAwaitOptions<int> { MaxConcurrency = maxConcurrency };
        ManualScheduler scheduler = null!;
        EventSubscription subscription = null!;
        TightRace.Run(
            Rounds,
            arrange: () =>
            {
                scheduler = new ManualScheduler();
                calls.Clear();
                subscription = stream.ObserveOn(scheduler).SubscribeAwait(
                    (_, token) =>
                    {
                        handed = token;
                        var call = new ManualCall();
                        calls.Add(call);
                        return call.Task;
                    },
                    options);
                stream.OnNextRange([0, 1, 2]);
                scheduler.RunAll();
            },
            first: () =>
            {
                calls[0].Return();
                scheduler.RunAll();
            },
            second: () => subscription.Dispose(),
            check: () => Check());

        Assert.That(stream.Subscriptions, Is.Empty);
        stream.OnNext(0);
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(2), "Nothing is kept.");

        string? Check()
        {
            int begun = calls.Count;
            stream.OnNext(3);
            scheduler.RunAll();
            if (calls.Count != begun)
            {
                return "A call begins after Dispose.";
            }

            for (int i = 1; i < begun; i++)
            {
                if (subscription.WhenEndedAsync().IsCompleted)
                {
                    return "A call that runs is not awaited.";
                }

                calls[i].Return();
            }

            return !subscription.WhenEndedAsync().IsCompleted ? "A call that has returned is awaited."
                : !handed.IsCancellationRequested ? "The token is not canceled."
                : null;
        }
    }
}

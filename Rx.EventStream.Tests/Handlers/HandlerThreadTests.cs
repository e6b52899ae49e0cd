using Rx.Delivery;
using Rx.Tests.Contract;

namespace Rx.Tests.Handlers;

/// <summary>A handler's call never begins inside the code that completes the call before it: that code may hold a lock, or be inside a delivery, where
/// publishing does not wait.</summary>
internal sealed class HandlerThreadTests
{
    private static readonly AsyncLocal<string?> _flow = new();

    [Test]
    public async Task Call_PreviousReturnedOnAThreadOfThePool_BeginsOutsideOfThatCode()
    {
        Assert.That(await BeginsInsideAsync(complete => Task.Run(complete)), Is.False);
    }

    [Test]
    public async Task Call_PreviousReturnedOnAnotherThread_BeginsOnThePool()
    {
        Assert.That(await BeginsInsideAsync(Eventually.OnThread), Is.False);
    }

    [Test]
    public async Task Call_PreviousReturnedInASynchronizationContext_BeginsOutsideOfIt()
    {
        Assert.That(
            await BeginsInsideAsync(complete => Task.Run(() =>
            {
                SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
                try
                {
                    complete();
                }
                finally
                {
                    SynchronizationContext.SetSynchronizationContext(null);
                }
            })),
            Is.False);
    }

    [Test]
    public async Task Call_PreviousReturnedOnATaskScheduler_BeginsOutsideOfIt()
    {
        var pair = new ConcurrentExclusiveSchedulerPair();
        Assert.That(
            await BeginsInsideAsync(complete => Task.Factory.StartNew(complete, CancellationToken.None, TaskCreationOptions.None, pair.ExclusiveScheduler)),
            Is.False);
    }

    [Test]
    public async Task Call_FlowWasSuppressedAtSubscribe_SeesNothingOfTheCodeThatCompletes()
    {
        Assert.That(await BeginsInsideAsync(complete => Task.Run(complete), suppressesFlow: true), Is.False);
    }

    /// <summary>Handles two events, has the first call returned by other code, and tells whether the second one begins inside that code.</summary>
    private static async Task<bool> BeginsInsideAsync(Func<Action, Task> run, bool suppressesFlow = false)
    {
        using var stream = new EventStream<int>();
        var first = new TaskCompletionSource(); // continues inside SetResult, unless a context forbids it
        using var began = new ManualResetEventSlim();
        int completingThread = 0;
        bool hasBegun = false;
        bool isInside = false;
        string? seen = "not called";
        using EventSubscription subscription = Subscribe();
        stream.OnNext(0);
        stream.OnNext(1);
        Eventually.IsTrue(() => hasBegun && ((Pump<int>)subscription).IsParked, "The first call runs, and the pump waits for it.");

        await Eventually.Ends(run(() =>
        {
            _flow.Value = "of the code that completes";
            Volatile.Write(ref completingThread, Environment.CurrentManagedThreadId);
            first.SetResult();
            Volatile.Write(ref completingThread, 0);
        }));

        Assert.That(began.Wait(Eventually.Limit), Is.True);
        await Eventually.Ends(subscription.WhenCaughtUpAsync());
        Assert.That(seen, Is.Null, "The call runs in the context of its own Subscribe.");
        return isInside;

        EventSubscription Subscribe()
        {
            AsyncFlowControl? control = suppressesFlow ? ExecutionContext.SuppressFlow() : null;
            try
            {
                return stream.SubscribeAwait(HandleAsync);
            }
            finally
            {
                control?.Undo();
            }
        }

        ValueTask HandleAsync(int value, CancellationToken token)
        {
            if (value == 0)
            {
                Volatile.Write(ref hasBegun, true);
                return new(first.Task);
            }

            isInside = Volatile.Read(ref completingThread) == Environment.CurrentManagedThreadId;
            seen = _flow.Value;
            began.Set();
            return default;
        }
    }
}

namespace Rx.Tests.Contract;

/// <summary>Two threads that publish at the same time to a stream that was promised a single writer.</summary>
[TestFixture(1)]
[TestFixture(64)]
[TestFixture(1024)]
internal sealed class BrokenPromiseTests(int capacity)
{
    private const int MaxRounds = 200;

    /// <summary>Some milliseconds: far longer than it takes until the second thread runs too.</summary>
    private const int PerRound = 1_000_000;

    private const int RoundsAfter = 25;
    private const int PerRoundAfter = 50_000;

    [Test]
    public async Task OnNext_TwoThreads_EndsInAnExceptionThatNamesThePromise([Values(0, 1, 2)] int observers)
    {
        Exception? thrown = null;
        for (int round = 0; thrown is null && round < MaxRounds; round++)
        {
            using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = true, SegmentCapacity = capacity });
            for (int i = 0; i < observers; i++)
            {
                stream.Subscribe(static _ => { });
            }

            using var together = new Barrier(2);
            await Eventually.Ends(Task.WhenAll(Eventually.OnThread(Publish), Eventually.OnThread(Publish)));

            void Publish()
            {
                together.SignalAndWait(Eventually.Limit);
                try
                {
                    for (int i = 0; i < PerRound && Volatile.Read(ref thrown) is null; i++)
                    {
                        stream.OnNext(i);
                    }
                }
                catch (Exception error)
                {
                    Interlocked.CompareExchange(ref thrown, error, null);
                }
            }
        }

        Assert.That(thrown, Is.TypeOf<InvalidOperationException>().With.Message.Contains("SingleWriter"));
    }

    /// <summary>The two threads leave the delivery in any state. A publisher must not take a delivery for running that no thread runs: its events
    /// would be kept, and no observer would get them.</summary>
    [Test]
    public async Task OnNext_AfterTwoThreads_IsDeliveredOrThrows([Values(1, 2)] int observers, [Values] bool disposesStream)
    {
        for (int round = 0; round < RoundsAfter; round++)
        {
            using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = true, SegmentCapacity = capacity });
            int calls = 0;
            var subscriptions = new EventSubscription[observers];
            for (int i = 0; i < observers; i++)
            {
                subscriptions[i] = (EventSubscription)stream.Subscribe(_ => Interlocked.Increment(ref calls));
            }

            using var together = new Barrier(2);
            await Eventually.Ends(Task.WhenAll(Eventually.OnThread(Publish), Eventually.OnThread(Publish)));

            int before = calls;
            int sent = 0;
            try
            {
                for (; sent < 10; sent++)
                {
                    stream.OnNext(sent);
                }
            }
            catch (InvalidOperationException error)
            {
                Assert.That(error.Message, Does.Contain("SingleWriter"));
            }

            Assert.That(calls - before, Is.GreaterThanOrEqualTo(sent * observers), $"round {round}");
            Array.ForEach(disposesStream ? [] : subscriptions, static subscription => subscription.Dispose());
            Array.ForEach(disposesStream ? new[] { stream } : [], static disposed => disposed.Dispose());
            await Eventually.Ends(Task.WhenAll(subscriptions.Select(static subscription => subscription.WhenEndedAsync())));

            void Publish()
            {
                together.SignalAndWait(Eventually.Limit);
                try
                {
                    for (int i = 0; i < PerRoundAfter; i++)
                    {
                        stream.OnNext(i);
                    }
                }
                catch (InvalidOperationException)
                {
                    // The promise is broken.
                }
            }
        }
    }
}

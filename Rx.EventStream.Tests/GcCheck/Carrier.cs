namespace Rx.Tests.GcCheck;

/// <summary>Something that takes events from one thread to a consumer on the thread pool, and perhaps to a slower one.</summary>
internal abstract class Carrier
{
    /// <summary>The publisher waits while the consumer is further behind than this.</summary>
    public const int MaxLag = 20_000;

    /// <summary>How far the second reader stays behind.</summary>
    public const int Behind = 20_000;

    private long _consumed;

    /// <summary>Publishes all events under the throttle, and returns what that cost the collector.</summary>
    public static Cost Measure(Carrier carrier, int events)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var promotions = new Promotions();
        int collections = GC.CollectionCount(0);
        TimeSpan pause = GC.GetTotalPauseDuration();
        carrier.Run(events);
        pause = GC.GetTotalPauseDuration() - pause;
        return new Cost(pause.TotalMilliseconds, promotions.Megabytes, GC.CollectionCount(0) - collections);
    }

    protected abstract void Publish(Event value);

    protected abstract void Complete();

    /// <summary>Reads one event of the second reader's, if there is one.</summary>
    protected abstract void ReadSecond();

    protected abstract bool HasSecond { get; }

    protected void Consume(Event value)
    {
        if (value.Number != _consumed)
        {
            throw new InvalidOperationException($"Event {value.Number} came in place of {_consumed}.");
        }

        Volatile.Write(ref _consumed, _consumed + 1);
    }

    private void Run(int events)
    {
        for (int i = 0; i < events; i++)
        {
            if (i - Volatile.Read(ref _consumed) >= MaxLag - 1)
            {
                var wait = new SpinWait();
                while (i - Volatile.Read(ref _consumed) >= MaxLag / 2)
                {
                    wait.SpinOnce(sleep1Threshold: -1);
                }
            }

            Publish(new Event(i));
            if (HasSecond && i >= Behind)
            {
                ReadSecond();
            }
        }

        Complete();
        var end = new SpinWait();
        while (Volatile.Read(ref _consumed) < events)
        {
            end.SpinOnce();
        }
    }
}

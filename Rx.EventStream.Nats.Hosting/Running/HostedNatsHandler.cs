namespace Rx.Nats.Hosting.Running;

/// <summary>A handler of a stream of the container.</summary>
/// <remarks><b>Concurrency.</b> Any thread can look at it.</remarks>
internal abstract class HostedNatsHandler(string name, bool isPartitioned)
{
    private NatsSubscription? _subscription;

    /// <summary>Whether it has once caught up with what the server had when the host started. Written with release, read with acquire.</summary>
    private bool _hasCaughtUp;

    internal string Name { get; } = name;

    /// <summary>The running handler, or null before the host has started it. Written with release, read with acquire.</summary>
    internal NatsSubscription? Subscription
    {
        get => Volatile.Read(ref _subscription);
        private protected set => Volatile.Write(ref _subscription, value);
    }

    /// <summary>Ends it: waits for its calls, and when the token is canceled, cancels them.</summary>
    internal abstract Task StopAsync(CancellationToken cancellationToken);

    /// <summary>How many sequence numbers it is behind.</summary>
    /// <param name="subscription">The running handler.</param>
    /// <param name="last">The last sequence number on the server.</param>
    /// <param name="lastAtStart">The last one when the host started.</param>
    internal long FindLag(NatsSubscription subscription, long last, long lastAtStart) => subscription.Position switch
    {
        > 0 and var position => Math.Max(0, last + 1 - position),
        _ when isPartitioned => 0,      // other instances have the partitions
        _ => last - lastAtStart,        // its checkpoint is not open, so its place is not known
    };

    /// <summary>Whether it has handled what the server had when the host started.</summary>
    internal bool IsReady(NatsSubscription subscription, long lastAtStart)
    {
        if (Volatile.Read(ref _hasCaughtUp))
        {
            return true;
        }

        long position = subscription.Position;
        if (position > lastAtStart)
        {
            Volatile.Write(ref _hasCaughtUp, true);
            return true;
        }

        return position == 0 && isPartitioned;
    }
}

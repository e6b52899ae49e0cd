namespace Rx.Delivery;

/// <summary>Checks of numbers that callers give in more than one place.</summary>
internal static class Ranges
{
    /// <summary>The longest time that a timer takes.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromMilliseconds(int.MaxValue);

    internal static void ThrowIfNoBatch(int maxCount)
    {
        if (maxCount < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(maxCount), maxCount, "maxCount must be from 1 to 2,147,483,647: the most events in one batch.");
        }
    }

    internal static void ThrowIfNoDelay(TimeSpan maxDelay)
    {
        if (maxDelay < TimeSpan.Zero || maxDelay > _longest)
        {
            throw new ArgumentOutOfRangeException(
                nameof(maxDelay), maxDelay, $"maxDelay must be from 0 to {_longest:c}: how long a batch waits for more events.");
        }
    }

    internal static void ThrowIfNoObserver(int minObservers)
    {
        if (minObservers < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(minObservers), minObservers, "minObservers must be from 1 to 2,147,483,647: the observers that start the source.");
        }
    }

    internal static void ThrowIfNoDisconnectDelay(TimeSpan disconnectDelay)
    {
        if (disconnectDelay < TimeSpan.Zero || disconnectDelay > _longest)
        {
            throw new ArgumentOutOfRangeException(
                nameof(disconnectDelay),
                disconnectDelay,
                $"disconnectDelay must be from 0 to {_longest:c}: how long the source stays subscribed to without an observer.");
        }
    }
}

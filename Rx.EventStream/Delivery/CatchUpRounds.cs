using Rx.Storage;

namespace Rx.Delivery;

/// <summary>The rounds of a subscriber that catches up: in each it has the events that were there when the round began.</summary>
/// <remarks>A subscriber that is no nearer after a round than it was before leaves the rest to a thread that publishes: it waits a moment for one to take the
/// subscription, although there is more. Otherwise an observer slower than the publishers would never catch up. A mutable struct: always
/// used in place.</remarks>
internal struct CatchUpRounds(long sequence, long next)
{
    /// <summary>How many turns of an <see cref="UninterruptibleSpin"/> the moment has: some 50 microseconds. Publishers that are faster than the observer come sooner,
    /// unless they have no processor.</summary>
    private const int TurnsToWait = 32;

    private long _behind = next - sequence;

    /// <summary>The sequence number at which the round is over.</summary>
    internal long Next { get; private set; } = next;

    /// <summary>Begins another round; true if the subscriber is no nearer than at the beginning of the last one.</summary>
    internal bool BeginNext(long sequence, long next)
    {
        long before = _behind;
        _behind = next - sequence;
        Next = next;
        return _behind >= before;
    }

    /// <summary>Waits a moment for another thread to take what the subscriber has left; false if none did.</summary>
    internal static bool IsTakenSoon<TSubscription>(TSubscription subscription, Func<TSubscription, bool> isLeft)
    {
        for (int i = 0; i < TurnsToWait && isLeft(subscription); i++)
        {
            UninterruptibleSpin.Once();
        }

        return !isLeft(subscription);
    }
}

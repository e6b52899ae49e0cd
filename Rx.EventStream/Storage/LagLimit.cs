namespace Rx.Storage;

/// <summary>How far a bounded cursor may lag, and what it has missed.</summary>
/// <remarks>
/// What was published before the subscription is its replay, which is not lag: the bound counts what was published since. So until the
/// cursor has passed the replay, the window keeps it in addition to the bound; see <see cref="ReplayList"/>.
/// <para>For the cursor's owner, except where a member says otherwise.</para>
/// </remarks>
internal sealed class LagLimit(int bound, bool failsWhenLagging, long replayEnd)
{
    /// <summary>How many events the cursor jumped over. Written by the owner, read by any thread for figures.</summary>
    private long _dropped;

    /// <summary>The next sequence number when the cursor lagged too far and ended, or 0. Written with release by the owner, or by the thread that
    /// disposes the log: a cursor that lags too far then never gets an event again. Read with acquire by any thread.</summary>
    private long _failedAt;

    /// <summary>What the window keeps for the cursor's replay, or null. Under the lock of the <see cref="ReplayList"/>; read plainly by the owner, as
    /// a hint, and by any thread for a figure.</summary>
    internal ReplayList.Group? Replay;

    internal int Bound => bound;

    /// <summary>Whether a cursor that lags too far ends, instead of jumping over events.</summary>
    internal bool FailsWhenLagging => failsWhenLagging;

    /// <summary>The first sequence number that is not replay.</summary>
    internal long ReplayEnd => replayEnd;

    /// <summary>How many events it jumped over; for any thread.</summary>
    internal long Dropped => Volatile.Read(in _dropped);

    /// <summary>Whether the cursor lagged too far and has ended; for any thread.</summary>
    internal bool HasFailed => Volatile.Read(in _failedAt) != 0;

    /// <summary>How many events had been published from the cursor on when it ended.</summary>
    internal long MissedFrom(long sequence) => Volatile.Read(in _failedAt) - sequence;

    /// <summary>How many of them count as lag.</summary>
    internal long MissedLagFrom(long sequence) => LagOf(sequence, Volatile.Read(in _failedAt));

    /// <summary>Whether the window still keeps a replay that the cursor has passed.</summary>
    internal bool HasPassedReplay(long sequence) => sequence >= replayEnd && Replay is not null; // plain: set before the cursor is used

    /// <summary>How much of a cursor's distance from the tail is lag; for any thread.</summary>
    internal long LagOf(long sequence, long next) => next - Math.Max(sequence, replayEnd);

    /// <summary>Notes that the cursor has ended, since it lags too far.</summary>
    internal void Fail(long next) => Volatile.Write(ref _failedAt, next);

    /// <summary>Where a cursor continues that lags too far; false if it ends instead, and counts what it misses.</summary>
    /// <param name="sequence">Where it is.</param>
    /// <param name="next">The sequence number of the next event to be published.</param>
    /// <param name="target">Where it continues.</param>
    internal bool TrySkip(long sequence, long next, long target)
    {
        if (failsWhenLagging)
        {
            Fail(next);
            return false;
        }

        Volatile.Write(ref _dropped, _dropped + (target - sequence));
        return true;
    }
}

namespace Rx.Parking;

/// <summary>The place of a publisher that blocks no thread. Once it is called it publishes on a thread of the pool, or on one that a publisher which
/// blocks its own has started: whichever comes first.</summary>
/// <remarks>
/// If publishers that block their threads come after it, these may be all the threads that the pool has.
/// <code>
///   waiting --TryTake, TryTakeForAnother--> taken --WaitAgain, without room--> waiting
///                                             +--> published: it has left the queue
/// </code>
/// </remarks>
/// <param name="count">The length of its run.</param>
/// <param name="tryRun">What is done in the publisher's turn: publishes if there is room, and returns the sequence number; else has the place wait
/// again, and returns null.</param>
internal sealed class AsyncPublisherPlace(int count, Func<AsyncPublisherPlace, long?> tryRun) : PublisherPlace(count, blocked: null)
{
    /// <summary>The publisher's, in which its events are published.</summary>
    private readonly ExecutionContext? _context = ExecutionContext.Capture();

    private bool _isTaken;

    /// <summary>What the thread tells that publishes for the publisher; null if that is the publisher's own.</summary>
    private TaskCompletionSource<long?>? _help;

    /// <summary>Whether it is called, and no thread publishes for it yet.</summary>
    internal bool NeedsThread => IsCalled && !_isTaken;

    /// <summary>Takes it for the publisher's own thread. False if another thread has it, and <paramref name="help"/> tells what comes of that; also
    /// if another one had it, and found no room: then the publisher waits again.</summary>
    internal bool TryTake(out Task<long?>? help)
    {
        help = _isTaken ? _help!.Task : null;
        bool isFree = NeedsThread;
        _isTaken |= isFree;
        return isFree;
    }

    /// <summary>Takes it for a thread that publishes for another publisher; false if it needs none.</summary>
    internal bool TryTakeForAnother()
    {
        if (!NeedsThread)
        {
            return false;
        }

        _isTaken = true;
        _help = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return true;
    }

    internal override void WaitAgain()
    {
        _isTaken = false;
        base.WaitAgain();
    }

    /// <summary>Publishes. By the publisher's own thread, without the lock.</summary>
    internal long? TryRun() => tryRun(this);

    /// <summary>Publishes for another publisher, which gets what is thrown; false if there is no room. Without the lock.</summary>
    internal bool TryRunForAnother()
    {
        TaskCompletionSource<long?> help = _help!; // taken by this thread
        try
        {
            long? sequence = TryRunInContext();
            help.SetResult(sequence);
            return sequence is not null;
        }
        catch (Exception error)
        {
            help.SetException(error);
            return true;
        }
    }

    private long? TryRunInContext()
    {
        if (_context is null)
        {
            return tryRun(this);
        }

        long? sequence = null;
        ExecutionContext.Run(_context, _ => sequence = tryRun(this), null);
        return sequence;
    }
}

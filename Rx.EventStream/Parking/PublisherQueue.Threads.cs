namespace Rx.Parking;

/// <content>Threads for publishers that block none, where the pool has none for them.</content>
internal sealed partial class PublisherQueue<T>
{
    /// <summary>How long the pool may take to run a publisher that was called, before a thread is started for it.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(1);

    /// <summary>Whether a blocking publisher sees to it that the first one has a thread, or has started one that has not looked yet. Under the
    /// lock.</summary>
    private bool _isAttended;

    /// <summary>Whether it is the turn of a blocking publisher that was called. If not, it waits again, and first sees to it that the publisher whose
    /// turn it is has a thread.</summary>
    internal bool TryTakeTurn(PublisherPlace place)
    {
        bool attends;
        using (_lock.Enter())
        {
            if (_places.First == place.Node)
            {
                return true;
            }

            attends = FirstNeedsThreadLocked;
            _isAttended |= attends;
            WaitAgainLocked(place);
        }

        if (attends)
        {
            Attend(place);
        }

        return false;
    }

    /// <summary>Whether the first publisher was called, and no thread has come or is seen to.</summary>
    private bool FirstNeedsThreadLocked => !_isAttended && _places.First?.Value is AsyncPublisherPlace { NeedsThread: true };

    /// <summary>Gives the pool time to run the first publisher, unless the caller is called before; then starts a thread for it.</summary>
    private void Attend(PublisherPlace caller)
    {
        bool isNeeded = false;
        try
        {
            isNeeded = !caller.Called.Wait(_patience);
        }
        finally
        {
            using (_lock.Enter())
            {
                _isAttended = false;
                isNeeded &= FirstNeedsThreadLocked;
                _isAttended = isNeeded;
            }
        }

        if (isNeeded)
        {
            StartThread();
        }
    }

    /// <remarks>A thread of its own, since the caller's may be one that observers need, or inside one's call.</remarks>
    private void StartThread()
    {
        try
        {
            new Thread(PublishForOthers) { IsBackground = true, Name = "Rx.EventStream publisher" }.UnsafeStart();
        }
        catch (Exception)
        {
            using (_lock.Enter())
            {
                _isAttended = false;
            }

            throw;
        }
    }

    /// <summary>Publishes for publishers that block no thread, as long as it is the turn of such a one.</summary>
    private void PublishForOthers()
    {
        while (TryTakeForAnother() is { } place)
        {
            if (place.TryRunForAnother())
            {
                Leave(place); // the publisher itself may come late
            }
        }
    }

    private AsyncPublisherPlace? TryTakeForAnother()
    {
        using (_lock.Enter())
        {
            _isAttended = false;
            return _places.First?.Value is AsyncPublisherPlace place && place.TryTakeForAnother() ? place : null;
        }
    }
}

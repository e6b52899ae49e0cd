using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Has a publisher step back from a thread that delivers its event at this moment.</summary>
/// <remarks>Otherwise the two would take the same cache lines from each other at every event, which costs more than the pause:
/// <c>publishers-2-to-1</c> and <c>publishers-2-to-4</c> show it.</remarks>
internal static class PublisherBackOff
{
    /// <summary>How close the draining thread must be for a pause to pay, in events.</summary>
    private const int Near = 8;

    /// <summary>Long enough to see whether the draining thread moves, also while the two disturb each other.</summary>
    private const int LookSpins = 20;

    /// <summary>Some two microseconds.</summary>
    private const int PauseSpins = 100;

    /// <summary>If the draining thread delivers so many events during the pause it is likely to go on.</summary>
    private const int Flood = 64;

    /// <summary>Some twenty microseconds: handing all that a delivery touches from one processor to another, and back, costs about
    /// four.</summary>
    private const int FloodSpins = 700;

    /// <summary>Pauses after publishing the event at <paramref name="sequence"/>, unless the thread that moves the cursor is far away, or
    /// does not move: then it is busy in an observer, perhaps in the very one that publishes here.</summary>
    internal static void Pause<T>(ref readonly Cursor<T> cursor, long sequence)
    {
        long place = cursor.Sequence;
        if (sequence - place >= Near)
        {
            return;
        }

        Thread.SpinWait(LookSpins);
        if (cursor.Sequence == place)
        {
            return;
        }

        Thread.SpinWait(PauseSpins);
        if (cursor.Sequence - place > Flood)
        {
            Thread.SpinWait(FloodSpins);
        }
    }
}

namespace Rx.Parking;

/// <summary>What a publisher waits for with its thread blocked: a drainer, or room in a stream.</summary>
internal interface IWaitedFor
{
    /// <summary>Whether this cannot come before a thread returns from what it does. For any thread.</summary>
    bool IsHeldBy(WaitingThread thread);
}

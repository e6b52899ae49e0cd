namespace Rx.Parking;

/// <summary>A publisher that blocks its thread.</summary>
/// <param name="thread">The thread.</param>
/// <param name="logs">The logs whose events the publisher handles: in a delivery on this thread, or in a handler's call.</param>
/// <param name="waitsFor">What it waits for.</param>
/// <param name="giveUp">Has it wait no more, so that it asks again whether it may; null if it cannot do without what it waits for.</param>
internal sealed class WaitingThread(CallingThread thread, object[] logs, IWaitedFor waitsFor, Action? giveUp = null)
{
    internal CallingThread Thread => thread;

    internal IWaitedFor WaitsFor => waitsFor;

    internal Action? GiveUp => giveUp;

    internal bool Handles(object log) => logs.Contains(log);
}

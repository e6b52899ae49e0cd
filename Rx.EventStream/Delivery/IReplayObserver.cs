namespace Rx.Delivery;

/// <summary>An observer that needs to know when its subscription has its place among the others, before the first event that it
/// replays.</summary>
internal interface IReplayObserver
{
    /// <summary>Called on the subscribing thread, which then replays.</summary>
    void OnReplaying();
}

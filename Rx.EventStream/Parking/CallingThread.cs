namespace Rx.Parking;

/// <summary>A thread that publishes.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="Context">Its synchronization context, or null.</param>
internal readonly record struct CallingThread(int Id, SynchronizationContext? Context)
{
    internal static CallingThread Current => new(Environment.CurrentManagedThreadId, SynchronizationContext.Current);
}

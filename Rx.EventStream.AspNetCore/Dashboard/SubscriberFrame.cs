namespace Rx.AspNetCore.Dashboard;

/// <summary>The state of a subscriber.</summary>
/// <param name="Id">Identifies it among the stream's.</param>
/// <param name="Name">Its name, or an empty text.</param>
/// <param name="Since">When it subscribed.</param>
/// <param name="Position">The sequence number of its next event.</param>
/// <param name="Lag">How many events it is behind.</param>
/// <param name="Dropped">The number of events that its lag policy dropped.</param>
/// <param name="Delivered">The number of delivered events.</param>
/// <param name="Rate">The number of events delivered in the last second.</param>
/// <param name="Faults">The number of events that it has thrown at.</param>
/// <param name="End">The exception that has ended it, or null.</param>
internal sealed record SubscriberFrame(
    int Id, string Name, DateTimeOffset Since, long Position, long Lag, long Dropped, long Delivered, double Rate, long Faults, string? End);

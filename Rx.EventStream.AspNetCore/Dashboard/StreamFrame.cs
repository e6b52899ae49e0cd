namespace Rx.AspNetCore.Dashboard;

/// <summary>The state of a stream.</summary>
/// <param name="Name">The stream's name.</param>
/// <param name="Published">The number of published events.</param>
/// <param name="Rate">The number of events published in the last second.</param>
/// <param name="Retained">How many events a late subscriber can replay.</param>
/// <param name="Ended">Whether the stream has ended.</param>
/// <param name="Count">The number of subscribers.</param>
/// <param name="Lag">The greatest lag.</param>
/// <param name="Subscribers">The subscribers; of very many, those that lag most. Also some that have failed lately.</param>
internal sealed record StreamFrame(
    string Name, long Published, double Rate, long Retained, bool Ended, int Count, long Lag, IReadOnlyList<SubscriberFrame> Subscribers);

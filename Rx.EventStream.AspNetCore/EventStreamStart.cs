namespace Rx.AspNetCore;

/// <summary>Where a client starts that has no event id to resume from, or one that cannot be resumed.</summary>
public enum EventStreamStart
{
    /// <summary>With the next event.</summary>
    Now,

    /// <summary>With the oldest event that the stream retains. Without retention, with the next event.</summary>
    Oldest,
}

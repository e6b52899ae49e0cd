namespace Rx.AspNetCore.ServerSentEvents;

/// <summary>Why a client starts anew.</summary>
internal enum ResetReason
{
    /// <summary>Its id is none of this endpoint.</summary>
    Malformed,

    /// <summary>Its id is of another run of the program.</summary>
    OtherEpoch,

    /// <summary>The stream no longer retains what follows its id.</summary>
    Expired,

    /// <summary>The stream has not published the event of its id.</summary>
    Ahead,

    /// <summary>It read too slowly, and has lost events.</summary>
    Lagged,
}

namespace Rx.Delivery;

/// <summary>What a pump was doing when it was ended.</summary>
internal enum PumpEnd
{
    /// <summary>It had ended before.</summary>
    EndedBefore,

    /// <summary>A thread runs it, and closes the cursor.</summary>
    WasRunning,

    /// <summary>It was parked: the ending thread closes the cursor and abandons the entry.</summary>
    WasParked,

    /// <summary>An action was scheduled, which finds that the pump has ended: the ending thread closes the cursor.</summary>
    WasScheduled,
}

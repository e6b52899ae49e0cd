namespace Rx.Parking;

/// <summary>The owner of a cursor that ran dry, or a caller that waits for progress, as the waking thread sees it.</summary>
internal interface IParked
{
    /// <summary>Sets the owner going again. At most one call for each parking has an effect.</summary>
    void Wake();

    /// <summary>Whether there is something to go on with. Another thread than the owner asks this after the owner's entry was pushed.
    /// The owner may be woken and move at the same time, so the answer holds only while it is parked.</summary>
    bool IsReadyWhileParked { get; }
}

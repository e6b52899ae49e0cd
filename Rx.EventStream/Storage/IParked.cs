namespace Rx.Storage;

/// <summary>The owner of a cursor that ran dry, as seen by those who wake it.</summary>
internal interface IParked
{
    /// <summary>Sets the owner going again. At most one call per parking has an effect.</summary>
    void Wake();

    /// <summary>Whether there is something to read, asked by others than the owner after its waiter is on the stack.
    /// The owner may move meanwhile, so the answer holds only while it is parked.</summary>
    bool IsReadyWhileParked { get; }
}

using Rx.Storage;

namespace Rx.Delivery;

/// <summary>An observer that a pump lets take several events from its cursor at once. On the publishing thread it gets them one by
/// one.</summary>
internal abstract class CursorObserver<T> : IObserver<T>
{
    /// <summary>Whether it has taken events that it has not delivered yet. Read by any thread.</summary>
    internal virtual bool HasPending => false;

    /// <summary>Takes events and makes one call; returns how many events it has handled, or 0 if there is none. By the cursor's
    /// owner.</summary>
    internal abstract int Deliver(ref Cursor<T> cursor, EventLog<T> log);

    public abstract void OnNext(T value);

    public abstract void OnError(Exception error);

    public abstract void OnCompleted();
}

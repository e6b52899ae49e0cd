namespace Rx.Parking;

/// <summary>The place of one publisher in a <see cref="PublisherQueue{T}"/>. Its members are used under the queue's lock, but for the
/// task.</summary>
/// <param name="count">The length of its run.</param>
/// <param name="blocked">The thread that it blocks, if it waits in one.</param>
internal class PublisherPlace(int count, CallingThread? blocked)
{
    /// <summary>Replaced under the lock with release; read by the publisher with acquire.</summary>
    private TaskCompletionSource _called = Create();

    internal int Count => count;

    internal CallingThread? Blocked => blocked;

    /// <summary>Its entry in the queue.</summary>
    internal LinkedListNode<PublisherPlace> Node => field ??= new(this);

    /// <summary>Its entry among the publishers that block a thread.</summary>
    internal LinkedListNode<PublisherPlace> BlockedNode => field ??= new(this);

    internal bool IsCalled => _called.Task.IsCompletedSuccessfully;

    /// <summary>Completes when the publisher is called. For the publisher.</summary>
    internal Task Called => Volatile.Read(ref _called).Task;

    internal void Call() => BlockingWait.Complete(_called);

    /// <summary>Ends the wait, unless the publisher was called.</summary>
    internal bool TryCancel(CancellationToken token) => _called.TrySetCanceled(token);

    internal virtual void WaitAgain() => Volatile.Write(ref _called, Create());

    private static TaskCompletionSource Create() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

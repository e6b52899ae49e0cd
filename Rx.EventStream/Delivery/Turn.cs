using Rx.Parking;

namespace Rx.Delivery;

/// <summary>The place of one publisher in a <see cref="TurnQueue"/>.</summary>
/// <param name="last">The sequence number of the last event that it published.</param>
/// <param name="takesOffer">Whether it waits to take over a delivery that was offered, and not for its events.</param>
internal sealed class Turn(long last, bool takesOffer)
{
    private readonly TaskCompletionSource _called = new();

    /// <summary>Whether it has been called, or has left. Under the queue's lock.</summary>
    internal bool IsOver { get; set; }

    /// <summary>Whether the delivery was handed over to this publisher. Set under the queue's lock, before it is called; read by the publisher
    /// under that lock, or after it was called.</summary>
    internal bool IsHandedOver { get; set; }

    internal long Last => last;

    internal bool TakesOffer => takesOffer;

    internal void Call() => BlockingWait.Complete(_called);

    /// <summary>Blocks the current thread until it is called.</summary>
    /// <remarks>On a task, so that the thread pool knows that one of its threads is blocked.</remarks>
    internal void Wait() => BlockingWait.For(_called.Task);
}

using System.Diagnostics;

namespace Rx;

/// <summary>A state of a projection, with the position that it belongs to.</summary>
/// <typeparam name="TState">The type of the state.</typeparam>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// Holding a snapshot keeps the events after its position alive, as holding the position does. Disposing it lets them go; the state stays
/// readable. <see cref="EventProjection{TState, T}.Follow"/> and <see cref="EventProjection{TState, T}.OpenReader"/> need no snapshot.
/// <para><b>Concurrency.</b> Immutable; may be shared and used from any thread.</para>
/// </remarks>
[DebuggerDisplay("{State} at {Position.Sequence}")]
public sealed class EventSnapshot<TState, T> : IDisposable
{
    internal EventSnapshot(TState state, EventPosition<T> position)
    {
        State = state;
        Position = position;
    }

    /// <summary>The state: exactly the events before <see cref="Position"/> are in it.</summary>
    public TState State { get; }

    /// <summary>Where the events begin that are not in the state. Holding it keeps them alive.</summary>
    public EventPosition<T> Position { get; }

    /// <summary>Disposes <see cref="Position"/>, so that it keeps no events. Calling it again does nothing.</summary>
    /// <remarks>Subscribers and readers that have joined at the position go on.</remarks>
    public void Dispose() => Position.Dispose();
}

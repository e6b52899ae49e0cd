using System.Diagnostics;

namespace Rx;

/// <summary>A state of a projection, with the position that it belongs to.</summary>
/// <typeparam name="TState">The type of the state.</typeparam>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks><b>Concurrency.</b> Immutable; may be shared and used from any thread.</remarks>
[DebuggerDisplay("{State} at {Position.Sequence}")]
public sealed class EventSnapshot<TState, T>
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
}

using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace Rx.AspNetCore.ServerSentEvents;

/// <summary>Where the clients of an endpoint join the stream.</summary>
/// <remarks><b>Concurrency.</b> Immutable; used by all connections.</remarks>
internal abstract class Origin<T>(EventStream<T> stream, LagPolicy lagPolicy, string name)
{
    internal EventStream<T> Stream => stream;

    /// <summary>Whether a client that has lost events gets a snapshot, which has them.</summary>
    internal abstract bool HasSnapshot { get; }

    /// <summary>Joins where a client starts that has nothing to resume from.</summary>
    internal abstract Opening<T> Open(HttpRequest request);

    /// <summary>Joins after an event that a client has seen.</summary>
    /// <returns>False if the stream does not retain what follows, or has not got that far.</returns>
    internal bool TryResume(long sequence, out Opening<T> opening)
    {
        // Overflows at the greatest number, to one that the stream has not either.
        if (!stream.TryGetPosition(unchecked(sequence + 1), out EventPosition<T>? position))
        {
            opening = default;
            return false;
        }

        using (position)
        {
            opening = new Opening<T>(OpenReader(position), null);
            return true;
        }
    }

    /// <summary>Whether the stream has ended, and its end has this number. No event has it, so its client has seen the end.</summary>
    internal bool IsEnd(long sequence)
    {
        if (sequence != stream.NextSequence || !stream.TryGetPosition(sequence, out EventPosition<T>? position))
        {
            return false;
        }

        using (position)
        using (EventReader<T> reader = position.OpenReader())
        {
            return reader.Completion.IsCompleted;
        }
    }

    /// <exception cref="ArgumentException">The position is of another stream.</exception>
    protected EventReader<T> OpenReader(EventPosition<T> position) =>
        stream.From(position).WithName(name).WithLagPolicy(lagPolicy).OpenReader();
}

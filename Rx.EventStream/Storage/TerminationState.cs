namespace Rx.Storage;

/// <summary>How and where a log ends.</summary>
/// <remarks>
/// <code>
///   Open --TryBegin--> Ending --Complete--> Ended
///
///   any --TryDispose--> the same, disposed --Settle--> the same, settled
/// </code>
/// The first thread to begin an ending is the only one that completes it. The thread that disposes is the one that settles. A mutable struct: always used in place.
/// </remarks>
internal struct TerminationState
{
    private Termination? _termination;

    /// <summary>The terminal event's sequence number, or <see cref="long.MaxValue"/>.</summary>
    private long _end;

    /// <summary>Where late joiners stand: the sequence number that the terminal event claims, or tries to.</summary>
    private long _lastJoin;

    public TerminationState() => _end = long.MaxValue;

    /// <summary>How the log ended, or null; read with acquire.</summary>
    internal readonly Termination? Termination => Volatile.Read(in _termination);

    internal readonly bool IsDisposed => Termination is { IsDisposal: true };

    /// <summary>Whether it is disposed, and every event is there that was claimed before; read with acquire.</summary>
    internal readonly bool IsSettled => ReferenceEquals(Termination, Termination.Settled);

    /// <summary>The terminal event's sequence number, or <see cref="long.MaxValue"/>; read with acquire.</summary>
    internal readonly long End => Volatile.Read(in _end);

    /// <summary>The last place to join, for a thread that found the claim word ended.</summary>
    internal readonly long LastJoin => _lastJoin; // plain: published by the CAS that sets the claim word's flag

    /// <summary>Open to Ending; false if another thread was first, or the log is disposed.</summary>
    internal bool TryBegin(Termination termination) => Interlocked.CompareExchange(ref _termination, termination, null) is null;

    /// <summary>Notes what the terminal event is about to claim. By the thread that began the ending, before
    /// <see cref="ClaimWord.TryEnd"/>, which publishes it.</summary>
    internal void Prepare(long sequence) => _lastJoin = sequence; // plain: see LastJoin

    /// <summary>Ending to Ended. By the thread that began the ending, after the claim. Publishes the termination; pairs with
    /// <see cref="End"/>. A full fence: the caller then looks for callers that wait for the end.</summary>
    internal void Complete(long end) => Interlocked.Exchange(ref _end, end);

    /// <summary>Marks the log as disposed, ended or not; false if it was disposed before.</summary>
    internal bool TryDispose()
    {
        Termination? seen = Termination;
        while (seen is not { IsDisposal: true })
        {
            Termination? found = Interlocked.CompareExchange(ref _termination, Termination.Disposed, seen);
            if (ReferenceEquals(found, seen))
            {
                return true;
            }

            seen = found;
        }

        return false;
    }

    /// <summary>Lets readers find the disposal. By the thread that disposes the log. A full fence: the caller then wakes those that wait.</summary>
    internal void Settle() => Interlocked.Exchange(ref _termination, Termination.Settled);
}

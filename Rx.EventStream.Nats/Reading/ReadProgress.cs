using System.Diagnostics;

namespace Rx.Nats.Reading;

/// <summary>How far a reader has come. The reader advances it; reads that are about to join the reader's local stream look at it.</summary>
/// <remarks>
/// It holds two sequence numbers. Each is unknown at first, and once it is known it is never unknown again:
/// <list type="bullet">
/// <item><see cref="Next"/> becomes known by the constructor if the start is a sequence number, by <see cref="SetStreamEnd"/> if it is
/// <see cref="NatsStart.Now"/>, and otherwise by <see cref="SetDelivered"/>. From then on it only grows, by <see cref="AdvanceTo"/> and <see cref="Read"/>.</item>
/// <item><see cref="CompleteFrom"/> becomes known by the constructor if the start is a sequence number, by <see cref="SetStreamEnd"/> if it is
/// <see cref="NatsStart.LastPerSubject"/>, and otherwise by <see cref="SetTime"/> or, if the start is a time in the future, by <see cref="Read"/>.</item>
/// </list>
/// <para><b>Concurrency.</b> The reader's owner makes the transitions, which publish both numbers with release; <see cref="IsBySubject"/> and
/// <see cref="CanStartLater"/> are the owner's too. Any thread reads the numbers, with acquire. The owner advances <see cref="Next"/> before it hands out the
/// event. So a thread that opens a local reader and then reads <see cref="Next"/> knows this: each event before <see cref="Next"/> that its local
/// reader does not have was in the local stream earlier, or is about to be published there.</para>
/// </remarks>
internal sealed class ReadProgress
{
    private const long Unknown = long.MaxValue;

    private readonly NatsStart _start;

    /// <summary>Written by the owner with release, read with acquire. 0 while unknown.</summary>
    private long _next;

    /// <summary>Written by the owner with release, read with acquire.</summary>
    private long _completeFrom = Unknown;

    /// <summary>The time to start at, until an event or the server's clock shows that it has come; then null. Owner only.</summary>
    private DateTimeOffset? _notBefore;

    /// <summary>Whether an event has been read. Owner only.</summary>
    private bool _hasRead;

    internal ReadProgress(NatsStart start)
    {
        _start = start;
        _notBefore = start.Time;
        if (start.Sequence is { } sequence)
        {
            CompleteFrom = sequence;
            Next = sequence;
        }
    }

    /// <summary>The sequence number after the last one read; before the first, where to start. 0 while unknown.</summary>
    internal long Next
    {
        get => Volatile.Read(ref _next);
        private set => Volatile.Write(ref _next, value);
    }

    /// <summary>The sequence number from which on every event is handed out. Before it, only the newest of each subject is, or none.</summary>
    internal long CompleteFrom
    {
        get => Volatile.Read(ref _completeFrom);
        private set => Volatile.Write(ref _completeFrom, value);
    }

    /// <summary>Whether <see cref="CompleteFrom"/> is known. It is not before a time to start at has come.</summary>
    internal bool HasStarted => CompleteFrom != Unknown;

    /// <summary>Whether the reader still reads the newest event of each subject, and no others. Owner only.</summary>
    internal bool IsBySubject => ReferenceEquals(_start, NatsStart.LastPerSubject) && Next < CompleteFrom;

    /// <summary>Whether the reader can start later than requested without a gap: no event has been read, and the start is no explicit sequence number. Owner
    /// only.</summary>
    internal bool CanStartLater => !_hasRead && _start.Sequence is null && !ReferenceEquals(_start, NatsStart.Now);

    /// <summary>Before a consumer is created: sets where the start lies if it depends on the stream's last sequence number.</summary>
    internal void SetStreamEnd(long last)
    {
        if (Next != 0)
        {
            return;
        }

        if (ReferenceEquals(_start, NatsStart.Now))
        {
            Next = last + 1;
        }
        else if (ReferenceEquals(_start, NatsStart.LastPerSubject))
        {
            CompleteFrom = last + 1;
        }
    }

    /// <summary>After the first consumer is created: sets the start to the event after those that the consumer counts as delivered.</summary>
    internal void SetDelivered(long last)
    {
        if (Next == 0)
        {
            // A new consumer counts everything before its start as delivered.
            Next = last + 1;
        }
    }

    /// <summary>After a consumer is created: from here on every event is handed out, unless the start is a time after the server's.</summary>
    internal void SetTime(DateTimeOffset serverTime)
    {
        if (_notBefore <= serverTime)
        {
            _notBefore = null;
        }

        if (!HasStarted && _notBefore is null)
        {
            CompleteFrom = Next;
        }
    }

    /// <summary>Moves over events that are not handed out.</summary>
    internal void AdvanceTo(long next)
    {
        Debug.Assert(next >= Next, "Reading never goes back.");
        Next = next;
    }

    /// <summary>Moves over an event. False if it is not handed out, because it was stored before the time to start at.</summary>
    /// <param name="sequence">The event's sequence number.</param>
    /// <param name="time">When the event was stored.</param>
    /// <param name="next">The sequence number to continue with.</param>
    internal bool Read(long sequence, DateTimeOffset time, long next)
    {
        bool isEarly = time < _notBefore;
        if (!isEarly && _notBefore is not null)
        {
            _notBefore = null;
            CompleteFrom = sequence;
        }

        _hasRead |= !isEarly;
        AdvanceTo(next);
        return !isEarly;
    }
}

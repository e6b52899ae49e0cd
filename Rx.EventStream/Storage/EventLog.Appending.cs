using System.Runtime.CompilerServices;

namespace Rx.Storage;

/// <content>Claiming and publishing events.</content>
internal sealed partial class EventLog<T>
{
    /// <summary>Claims a sequence number and publishes an event there, if no more than that is needed. The caller then wakes
    /// readers.</summary>
    /// <param name="value">The event.</param>
    /// <param name="sequence">What was claimed, or -1.</param>
    /// <param name="tail">The tail before the claim.</param>
    /// <returns>False if <see cref="AppendSlow"/> must be called with the same.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryAppend(T value, out long sequence, out Segment<T>? tail)
    {
        sequence = -1;
        tail = Tail;
        if (tail is null || _flags.IsStamped)
        {
            return false;
        }

        if (_flags.IsMultiWriter)
        {
            sequence = Claims.Claim(1).Count;
            return tail.TryPublish(sequence, value) && tail == Tail;
        }

        sequence = Claims.ClaimOwned(1);
        return tail.TryPublish(sequence, value); // a single writer alone moves the tail
    }

    /// <summary>Claims a sequence number, becomes the drainer with the same CAS, and publishes an event there. The caller then wakes readers.</summary>
    /// <param name="sequence">Where the delivery's cursor stands: it is claimed only if it is the next one.</param>
    /// <param name="value">The event.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal AppendResult TryAppendAndDrain(long sequence, T value)
    {
        // The tail is read before the claim: see TailBeforeClaim.
        if (Tail is not { } tail || !Claims.TryClaimAndDrain(sequence))
        {
            return AppendResult.NotClaimed;
        }

        return tail.TryPublish(sequence, value) ? AppendResult.InTail : AppendToNextSlow(tail, sequence, value);
    }

    /// <summary>Claims a sequence number for the single writer and publishes an event there, if everything before it is delivered. The
    /// caller then wakes readers.</summary>
    /// <param name="sequence">Where the delivery's cursor stands: before the next event, unless the writer is inside a delivery.</param>
    /// <param name="value">The event.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal AppendResult TryAppendOwned(long sequence, T value)
    {
        if (Claims.CountOwned != sequence)
        {
            return AppendResult.NotClaimed;
        }

        Segment<T> tail = Tail!; // there is one: a cursor stands in it, or before it
        Claims.ClaimOwned(1);
        return tail.TryPublish(sequence, value) ? AppendResult.InTail : AppendToNextSlow(tail, sequence, value);
    }

    /// <summary>Does what <see cref="TryAppend"/> has left to do, and returns the sequence number.</summary>
    internal long AppendSlow(T value, long sequence, Segment<T>? tail)
    {
        if (sequence < 0)
        {
            tail = TailBeforeClaim();
            EventStamp stamp = TakeStamp();
            sequence = Claim(1);
            Publish(tail, sequence, value, stamp);
        }
        else if (tail!.Contains(sequence))
        {
            Reclaim(); // published, but in a segment that is no longer the tail: as in Publish
        }
        else
        {
            Publish(tail, sequence, value);
        }

        return sequence;
    }

    /// <summary>Publishes a claimed event; returns the segment it is in.</summary>
    internal Segment<T> Publish(Segment<T> tail, long sequence, T value, EventStamp stamp = default)
    {
        if (!tail.Contains(sequence))
        {
            tail = _segments.LocateSlow(tail, sequence, this);
        }

        if (_flags.IsStamped)
        {
            tail.Stamp(sequence, 1, stamp);
        }

        tail.Publish(sequence, value);
        if (tail != Tail)
        {
            // A hole of an older segment was filled: it kept that segment, and all later ones, from closing.
            Reclaim();
        }

        return tail;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private AppendResult AppendToNextSlow(Segment<T> tail, long sequence, T value)
    {
        Publish(tail, sequence, value);
        return AppendResult.InNextSegment;
    }

    /// <summary>Publishes a claimed run of events, over as many segments as it takes.</summary>
    internal void PublishRange(Segment<T> tail, long sequence, ReadOnlySpan<T> values, EventStamp stamp = default)
    {
        while (!values.IsEmpty)
        {
            tail = _segments.LocateSlow(tail, sequence, this);
            int count = tail.PublishRange(sequence, values, stamp);
            sequence += count;
            values = values[count..];
        }

        Reclaim();
    }
}

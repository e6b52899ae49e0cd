using System.Diagnostics;

namespace Rx.Storage;

/// <content>Looking at more events than one segment holds.</content>
internal partial struct Cursor<T>
{
    /// <summary>Up to <paramref name="maxCount"/> published events from here on, without moving; empty when dry. A slice of the segment
    /// that holds them, or a copy where that holds fewer than <paramref name="minCount"/> and others follow.</summary>
    /// <remarks>A copy ends as soon as it has <paramref name="minCount"/> events, so that the next batch can be a slice, unless no segment has
    /// as many.</remarks>
    internal ReadOnlyMemory<T> PeekAcross(EventLog<T> log, int maxCount, int minCount)
    {
        ReadOnlyMemory<T> run = PeekRun(log, maxCount);
        long end = _sequence + run.Length;
        if (run.IsEmpty || run.Length >= minCount || _segment.Owned is not { } segment || end < segment.End)
        {
            return run;
        }

        int wanted = segment.Capacity < minCount ? maxCount : minCount;
        int count = run.Length + CountPublished(end, Math.Min(wanted, Array.MaxLength) - run.Length);
        return count == run.Length ? run : Copy(segment, count);
    }

    /// <summary>How many events are published from a sequence number on, one after the other, at most
    /// <paramref name="maxCount"/>. It moves nothing.</summary>
    /// <remarks>The owner's lease keeps the segments that follow linked. A bounded cursor, which has none, may meet a cut link: then it
    /// lags too far, and fewer are counted.</remarks>
    internal readonly int CountPublished(long sequence, int maxCount)
    {
        int count = 0;
        for (Segment<T>? segment = _segment.Current; segment is not null && count < maxCount; segment = segment.Next)
        {
            long next = sequence + count;
            if (segment.Contains(next))
            {
                count += segment.PublishedFrom(next, maxCount - count).Length;
                if (sequence + count < segment.End)
                {
                    break;
                }
            }
        }

        return count;
    }

    /// <summary>The traces in which the next events were published, each once; null if there is none. The owner has seen the events.</summary>
    internal readonly PublisherTrace? PeekTraces(int count)
    {
        PublisherTrace? traces = null;
        PublisherTrace? last = null;
        HashSet<ActivityContext>? distinct = null;
        long sequence = _sequence;
        long end = sequence + count;
        for (Segment<T>? segment = _segment.Current; segment is not null && sequence < end; segment = segment.Next)
        {
            for (; sequence < end && segment.Contains(sequence); sequence++)
            {
                if (segment.TraceOf(sequence) is not { } trace || trace == last)
                {
                    continue; // the events of one run share one
                }

                last = trace;
                distinct ??= [];
                if (!distinct.Add(trace.Context))
                {
                    continue;
                }

                traces = new PublisherTrace(trace.Context, traces);
                if (distinct.Count == PublisherTrace.MaxLinks)
                {
                    return traces;
                }
            }
        }

        return traces;
    }

    /// <summary>A place to look from, at a sequence number, or at the cursor's own if that is later. It has no lease: it must not be moved or
    /// closed. For any thread; while the owner moves the cursor, what is read may not fit together.</summary>
    internal readonly Cursor<T> LookAt(long sequence)
    {
        Cursor<T> place = this;
        place._sequence = Math.Max(place._sequence, sequence);
        return place;
    }

    /// <summary>Copies events that were counted. The segments of a bounded cursor may be closed since: then the copy ends at the cut
    /// link.</summary>
    private readonly ReadOnlyMemory<T> Copy(Segment<T> segment, int count)
    {
        T[] copy = GC.AllocateUninitializedArray<T>(count); // only what is copied is handed out
        int copied = 0;
        for (Segment<T>? from = segment; copied < count && from is not null && from.Contains(_sequence + copied); from = from.Next)
        {
            ReadOnlySpan<T> run = from.PublishedFrom(_sequence + copied, count - copied).Span;
            run.CopyTo(copy.AsSpan(copied));
            copied += run.Length;
        }

        return copy.AsMemory(0, copied);
    }
}

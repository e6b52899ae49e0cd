namespace Rx.Storage;

/// <content>Batches of events, which may lie in several segments.</content>
internal partial struct Cursor<T>
{
    /// <summary>The published events from here on, without moving: a slice of the segment if they lie in one, else a copy; empty when
    /// dry.</summary>
    /// <remarks>A cursor of its own walks ahead, so that this one, and with it the lag, stays where it is until the batch was
    /// delivered.</remarks>
    internal ReadOnlyMemory<T> PeekAcross(EventLog<T> log, int maxCount)
    {
        ReadOnlyMemory<T> run = PeekRun(log, maxCount);
        if (run.IsEmpty || run.Length == maxCount || _segment.Current is not { } segment || _sequence + run.Length < segment.End)
        {
            return run;
        }

        // The segment of a bounded cursor may be closed. Then what lies in it is the batch.
        if (!TryFork(out Cursor<T> ahead))
        {
            return run;
        }

        ahead.MoveTo(_sequence + run.Length);
        ReadOnlyMemory<T> next = ahead.PeekRun(log, maxCount - run.Length);
        ReadOnlyMemory<T> batch = next.IsEmpty ? run : Copy(log, ref ahead, run, next, maxCount);
        ahead.Close(log);
        return batch;
    }

    private static ReadOnlyMemory<T> Copy(
        EventLog<T> log, ref Cursor<T> ahead, ReadOnlyMemory<T> run, ReadOnlyMemory<T> next, int maxCount)
    {
        var copy = new T[Math.Min(maxCount, run.Length + (log.NextSequence - ahead._sequence))];
        run.CopyTo(copy);
        int count = run.Length;
        while (!next.IsEmpty)
        {
            next.CopyTo(copy.AsMemory(count));
            count += next.Length;
            ahead.MoveTo(ahead._sequence + next.Length);
            next = ahead.PeekRun(log, copy.Length - count);
        }

        return copy.AsMemory(0, count);
    }
}

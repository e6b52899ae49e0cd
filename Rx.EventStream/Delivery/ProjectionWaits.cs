using Rx.Storage;

namespace Rx.Delivery;

/// <summary>The callers that wait for a projection to reach an event.</summary>
/// <remarks>
/// They are ordered by sequence number, so an event costs O(log n) for each caller whose wait it ends. An event that ends no wait costs one
/// look at <see cref="_lowest"/>.
/// <code>
/// P (folding):  state := with event n;  full fence;  does a caller wait for n, or less?
/// C (caller):   waits for n;            full fence;  is event n in the state?
/// </code>
/// With a fence on each side one of them sees the other. P's fence is the transition that ends the fold, which is there in any case. If both
/// see the other, the list's lock decides which of them takes the wait from the list. No test fails without C's fence on x64, where leaving
/// the lock is one.
/// <para>Closing takes the lock, too: a caller that comes later finds it closed, and one that came before is in the list.</para>
/// </remarks>
internal sealed class ProjectionWaits
{
    private readonly UninterruptibleLock _lock = new();

    /// <summary>Under the lock.</summary>
    private readonly SortedSet<Wait> _waits = [];

    /// <summary>How many waits there have been, which tells two waits for one event apart. Under the lock.</summary>
    private long _count;

    /// <summary>Why no event will come any more, or null. Under the lock.</summary>
    private ProjectionEnd? _end;

    /// <summary>The lowest sequence number that a caller waits for, or the greatest number. Written with release under the lock, read with
    /// acquire by the folding thread.</summary>
    private long _lowest = long.MaxValue;

    /// <summary>How many callers wait, for tests.</summary>
    internal int Count
    {
        get
        {
            using (_lock.Enter())
            {
                return _waits.Count;
            }
        }
    }

    /// <summary>Adds a wait. Then the caller looks whether the event is in the state, and if so calls <see cref="Reach"/>.</summary>
    internal Wait Add(long sequence)
    {
        Wait wait;
        ProjectionEnd? end;
        using (_lock.Enter())
        {
            wait = new Wait(this, sequence, _count++);
            end = _end;
            if (end is null)
            {
                _waits.Add(wait);
                NoteLowestLocked();
            }
        }

        if (end is not null)
        {
            wait.Fail(end);
        }

        Interlocked.MemoryBarrier(); // C's fence
        return wait;
    }

    /// <summary>Ends the waits for an event, and for those before it. By the folding thread, and by callers that find the event in the
    /// state.</summary>
    internal void Reach(long sequence)
    {
        while (Volatile.Read(ref _lowest) <= sequence && TryTake(sequence, out Wait? wait))
        {
            wait.TrySetResult();
        }
    }

    /// <summary>Ends all waits with an error, and those that callers still add.</summary>
    internal void Close(ProjectionEnd end)
    {
        using (_lock.Enter())
        {
            _end ??= end;
        }

        while (TryTake(long.MaxValue, out Wait? wait))
        {
            wait.Fail(end);
        }
    }

    private bool TryTake(long sequence, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Wait? wait)
    {
        using (_lock.Enter())
        {
            wait = _waits.Min is { } first && first.Sequence <= sequence ? first : null;
            if (wait is not null)
            {
                _waits.Remove(wait);
                NoteLowestLocked();
            }

            return wait is not null;
        }
    }

    private void Remove(Wait wait)
    {
        using (_lock.Enter())
        {
            _waits.Remove(wait);
            NoteLowestLocked();
        }
    }

    private void NoteLowestLocked() => Volatile.Write(ref _lowest, _waits.Min?.Sequence ?? long.MaxValue);

    /// <summary>One caller's wait for one event.</summary>
    internal sealed class Wait : TaskCompletionSource, IComparable<Wait>
    {
        private readonly ProjectionWaits _waits;
        private readonly long _number;

        internal Wait(ProjectionWaits waits, long sequence, long number)
            : base(TaskCreationOptions.RunContinuationsAsynchronously)
        {
            _waits = waits;
            Sequence = sequence;
            _number = number;
        }

        internal long Sequence { get; }

        public int CompareTo(Wait? other) => (Sequence, _number).CompareTo((other!.Sequence, other._number));

        /// <summary>The wait, which the token can end too.</summary>
        internal async Task Until(CancellationToken cancellationToken)
        {
            using CancellationTokenRegistration registration =
                cancellationToken.UnsafeRegister(static (wait, token) => ((Wait)wait!).Cancel(token), this);
            await Task.ConfigureAwait(false);
        }

        internal void Fail(ProjectionEnd end) => TrySetException(
            end.Error ?? new InvalidOperationException(
                $"The stream has completed, so the projection will not contain an event with sequence number {Sequence}."));

        private void Cancel(CancellationToken token)
        {
            _waits.Remove(this);
            TrySetCanceled(token);
        }
    }
}

namespace Rx.Tests.Lag;

/// <summary>What a reader must show, as plain numbers: event <c>n</c> of the stream is the number <c>n</c>.</summary>
internal sealed class ReaderModel
{
    private readonly LagPolicy _policy;
    private readonly long _first;
    private readonly long _replayEnd;

    /// <param name="policy">The reader's policy.</param>
    /// <param name="first">Where it begins.</param>
    /// <param name="next">The next event to be published then.</param>
    internal ReaderModel(LagPolicy policy, long first, long next)
    {
        _policy = policy;
        _first = first;
        Sequence = policy.SkipsReplay ? Math.Max(first, next - 1) : first;
        _replayEnd = policy.SkipsReplay ? Sequence : next;
    }

    internal long Sequence { get; private set; }

    internal long Dropped { get; private set; }

    internal long Missed { get; private set; }

    internal bool HasFailed => Missed > 0;

    /// <summary>Whether the reader is asked for an event and finds one. It notices only then how far it lags.</summary>
    internal bool Ask(long next)
    {
        if (!HasFailed && LagsTooFar(next))
        {
            if (_policy.FailsWhenFull)
            {
                Missed = next - Sequence;
            }
            else
            {
                Dropped += next - _policy.Capacity - Sequence;
                Sequence = next - _policy.Capacity;
            }
        }

        return !HasFailed && Sequence < next;
    }

    /// <summary>The stream is disposed: a reader that <see cref="LagPolicy.Fail"/> will end, ends now.</summary>
    internal void NoteDisposal(long next)
    {
        if (_policy.FailsWhenFull)
        {
            Ask(next);
        }
    }

    internal void MoveOver(long count) => Sequence += count;

    internal bool LagsTooFar(long next) => _policy.IsBounded && next - Math.Max(Sequence, _replayEnd) > _policy.Capacity;

    internal long CountOf(long next) => HasFailed ? 0 : LagsTooFar(next) ? _policy.Capacity : next - Sequence;

    /// <summary>The first event that is kept for it.</summary>
    /// <param name="next">The next event to be published.</param>
    /// <param name="slack">How many events may be published before the stream lets go of what is not needed any more.</param>
    internal long KeptFrom(long next, int slack)
    {
        if (!_policy.IsBounded)
        {
            return Sequence;
        }

        bool replays = Sequence < _replayEnd && next <= _replayEnd + _policy.Capacity + slack;
        return HasFailed ? next : Math.Min(next - _policy.Capacity, replays ? Sequence : next);
    }

    public override string ToString() => $"{_policy} from {_first} at {Sequence}";
}

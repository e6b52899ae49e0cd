namespace Rx.Nats.Waiting;

/// <summary>One caller's wait for a sequence number.</summary>
/// <remarks>
/// It waits until one of three transitions ends it. The first one wins; the others do nothing:
/// <list type="bullet">
/// <item>Waiting → Reached, by <see cref="Complete"/>.</item>
/// <item>Waiting → Failed, by <see cref="Fail"/>.</item>
/// <item>Waiting → Canceled, by <see cref="Cancel"/>.</item>
/// </list>
/// <para><b>Concurrency.</b> Any thread can end it. <see cref="Sequence"/> changes under the lock of its <see cref="SequenceWaits"/>.</para>
/// </remarks>
internal sealed class SequenceWait : IComparable<SequenceWait>
{
    private readonly SequenceWaits _waits;
    private readonly long _number;

    /// <summary>The state.</summary>
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal SequenceWait(SequenceWaits waits, long sequence, long number)
    {
        _waits = waits;
        Sequence = sequence;
        _number = number;
    }

    /// <summary>The number that it waits for.</summary>
    internal long Sequence { get; set; }

    /// <summary>Whether it no longer waits.</summary>
    internal bool IsEnded => _ended.Task.IsCompleted;

    /// <summary>Completes when the number is reached.</summary>
    internal Task Ended => _ended.Task;

    public int CompareTo(SequenceWait? other) => (Sequence, _number).CompareTo((other!.Sequence, other._number));

    /// <summary>Waiting → Reached.</summary>
    internal void Complete() => _ended.TrySetResult();

    /// <summary>Waiting → Failed.</summary>
    internal void Fail(Exception error)
    {
        _waits.Remove(this);
        _ended.TrySetException(error);
    }

    /// <summary>Waiting → Canceled.</summary>
    internal void Cancel(CancellationToken cancellationToken)
    {
        _waits.Remove(this);
        _ended.TrySetCanceled(cancellationToken);
    }

    /// <summary>Lets it end when an earlier number is reached.</summary>
    internal void LowerTo(long sequence) => _waits.Lower(this, sequence);
}

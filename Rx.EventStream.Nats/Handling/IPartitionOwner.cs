namespace Rx.Nats.Handling;

/// <summary>What a <see cref="PartitionGroup"/> tells the handler's run.</summary>
internal interface IPartitionOwner
{
    /// <summary>The partitions for which calls may still run, or a checkpoint may still be opened.</summary>
    IReadOnlySet<int> Held { get; }

    /// <summary>Handles these partitions and no others. A partition whose calls have not returned is taken up by a later call.</summary>
    /// <param name="partitions">The partitions.</param>
    /// <param name="start">Where a partition without a checkpoint starts.</param>
    void Own(IReadOnlySet<int> partitions, long start);

    /// <summary>Begins no further call, and cancels the calls that run.</summary>
    void DropAll();

    /// <summary>Ends the handler if it has lost the checkpoint of a partition that is still its own: an owner outside the group has it.</summary>
    void FailIfLost(Func<int, bool> isOwn);
}

using System.Text.Json;
using Rx.Nats.Server;

namespace Rx.Nats.Handling;

/// <summary>An instance's membership in the group of instances that share a handler: gives signs of life, and takes and returns partitions.</summary>
/// <remarks>
/// The document under one key of a bucket is the authority, and compare-and-set the only way to change it: see <see cref="GroupState"/>. An instance handles
/// the partitions that the last document it wrote gives to it, and only while its <see cref="Lease"/> lasts.
/// <para><b>Concurrency.</b> One task runs it.</para>
/// </remarks>
internal sealed class PartitionGroup : IDisposable
{
    /// <summary>How many signs of life fit into a lease.</summary>
    private const int BeatsPerLease = 6;

    /// <summary>How many looks at the document fit into a lease while partitions change their owners.</summary>
    private const int LooksPerLease = 40;

    private readonly KeyValueBucket _bucket;
    private readonly string _handler;
    private readonly NatsPartitions _options;
    private readonly IPartitionOwner _owner;
    private readonly Func<CancellationToken, Task<long>> _start;
    private readonly TimeProvider _clock;
    private readonly Expiry _expiry;
    private readonly Lease _lease;
    private readonly string _member = $"{Environment.MachineName}-{Guid.NewGuid():N}";
    private bool _isMember;
    private long _beat;

    /// <param name="bucket">The bucket with the document.</param>
    /// <param name="handler">The handler's name, which is the document's key.</param>
    /// <param name="options">The number of partitions and the duration of a lease.</param>
    /// <param name="owner">Handles the partitions.</param>
    /// <param name="start">Finds where partitions without a checkpoint start, for a new group.</param>
    /// <param name="clock">Gives the monotonic time.</param>
    internal PartitionGroup(
        KeyValueBucket bucket,
        string handler,
        NatsPartitions options,
        IPartitionOwner owner,
        Func<CancellationToken, Task<long>> start,
        TimeProvider clock)
    {
        _bucket = bucket;
        _handler = handler;
        _options = options;
        _owner = owner;
        _start = start;
        _clock = clock;
        _expiry = new Expiry(options.LeaseDuration, clock);
        _lease = new Lease(options.LeaseDuration, clock, owner.DropAll);
    }

    public void Dispose() => _lease.Dispose();

    /// <summary>Takes part until it is canceled.</summary>
    /// <exception cref="NatsEventStreamException">The group has another number of partitions, or the server refuses the requests.</exception>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            bool isSettled = false;
            try
            {
                isSettled = await TakePartAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (StreamApi.IsTransient(error) && !cancellationToken.IsCancellationRequested)
            {
                // The lease ends by itself.
            }

            await Task.Delay(_options.LeaseDuration / (isSettled ? BeatsPerLease : LooksPerLease), _clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Leaves the group, if the server answers. None of the instance's calls may run.</summary>
    internal async Task LeaveAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _bucket.FindAsync(_handler, cancellationToken).ConfigureAwait(false) is { Value.Length: > 0 } entry &&
                await _bucket.TryWriteAsync(_handler, Format(Parse(entry).Without(_member)), entry.Revision, cancellationToken).ConfigureAwait(false) is null)
            {
                // Another member has written the document in between.
            }
        }
        catch (Exception error) when (StreamApi.IsTransient(error) || error is NatsEventStreamException)
        {
            // The lease ends by itself.
        }
    }

    /// <summary>Gives a sign of life, and takes and returns partitions. True if nothing is left to take or to return.</summary>
    private async Task<bool> TakePartAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            KeyValueEntry? entry = await _bucket.FindAsync(_handler, cancellationToken).ConfigureAwait(false);
            GroupState state = entry is { Value.Length: > 0 } saved
                ? Parse(saved)
                : GroupState.Create(await _start(cancellationToken).ConfigureAwait(false), _options.Count);
            if (state.Count != _options.Count)
            {
                throw new NatsEventStreamException(
                    $"Handler '{_handler}' has {state.Count} partitions, not {_options.Count}. The number cannot be changed: it must be the same in all instances.");
            }

            if (_isMember && !state.Members.ContainsKey(_member))
            {
                _isMember = false;
                _owner.DropAll(); // this instance has expired: the others may handle its partitions now
            }

            _owner.FailIfLost(partition => _isMember && state.Owners[partition] == _member);
            IReadOnlyList<string> expired = _expiry.Look(state, _member);
            long sentAt = _clock.GetTimestamp();
            GroupState next = state.Next(_member, ++_beat, expired, _owner.Held);
            if (await _bucket.TryWriteAsync(_handler, Format(next), entry?.Revision ?? 0, cancellationToken).ConfigureAwait(false) is null)
            {
                continue; // another member was faster
            }

            _isMember = true;
            _lease.Renew(sentAt);
            HashSet<int> owned = [.. next.OwnedBy(_member)];
            bool isSettled = owned.Count == next.ShareOf(_member) && next.Owners.SequenceEqual(state.Owners);
            owned.ExceptWith(next.ExcessOf(_member));
            _owner.Own(owned, next.Start);
            return isSettled;
        }
    }

    private GroupState Parse(KeyValueEntry entry)
    {
        try
        {
            return JsonSerializer.Deserialize(entry.Value, GroupJson.Default.GroupState)!;
        }
        catch (JsonException error)
        {
            throw new NatsEventStreamException($"Key '{_handler}' of bucket '{_options.Bucket}' does not hold the partitions of a handler: {error.Message}", error);
        }
    }

    private static byte[] Format(GroupState state) => JsonSerializer.SerializeToUtf8Bytes(state, GroupJson.Default.GroupState);
}

using System.Runtime.CompilerServices;
using Rx.Delivery;
using Rx.Parking;
using Rx.Storage;

namespace Rx;

/// <content>Subscribers with <see cref="LagPolicy.Wait"/>, and publishing that waits for them.</content>
public sealed partial class EventStream<T>
{
    /// <summary>The publishers that are held back, and what holds them back; null until the first subscriber that needs it. Set once, before
    /// the flag <see cref="PublishFlags.GatedOrEnded"/>; read after it.</summary>
    private PublisherQueue<T>? _waitingPublishers;

    /// <summary>Has publishers wait for a subscriber that is about to start.</summary>
    /// <param name="subscription">The subscription, which does not keep a reader: publishers do not wait for one that was collected.</param>
    /// <param name="skipToNext">Has the subscriber join at the next event.</param>
    /// <param name="capacity">How far ahead of it publishers may be.</param>
    /// <param name="joinsAtTheNext">Whether it replays nothing. Then it joins once publishers wait: what they publish before that may be much, and
    /// would lie beyond its bound.</param>
    /// <param name="needs">The thread that it needs, if it needs a known one.</param>
    private void HoldPublishersBack(
        EventSubscription subscription, Action skipToNext, int capacity, bool joinsAtTheNext, NeededThread? needs = null)
    {
        var member = new WaitGate.Member(() => subscription.Sequence, _log.NextSequence, capacity, needs is null ? null : needs.Is);
        WaitGate gate = LazyInitializer.EnsureInitialized(ref _waitingPublishers, () => new PublisherQueue<T>(_log, Parking)).Gate;
        _log.SetFlag(PublishFlags.GatedOrEnded);
        gate.Add(member);
        subscription.OnEnded(() =>
        {
            gate.Remove(member);
            Parking.NotifyProgress();
        });
        if (joinsAtTheNext)
        {
            skipToNext();
            Parking.NotifyProgress();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishGatedSlow(T value, bool isFromSource) => PublishGated(new ReadOnlySpan<T>(in value), isFromSource);

    /// <summary>Publishes where a flag says to ask before: not at all after the end, and not at once where a subscriber holds publishers
    /// back.</summary>
    private void PublishGated(ReadOnlySpan<T> values, bool isFromSource = false)
    {
        if (TryPublishAtOnce(values, out _, isFromSource, blocks: true))
        {
            return;
        }

        PublisherPlace place = _waitingPublishers!.Enter(values.Length, CallingThread.Current);
        try
        {
            do
            {
                ThrowIfWaitingForItself(place);
                WaitingThreads.Wait(new(CallingThread.Current, DeliveryScope.HandledLogs(), _waitingPublishers), place.Called);
            }
            while (!_waitingPublishers.TryTakeTurn(place) || !TryPublishCalled(values, place, out _, isFromSource));
        }
        finally
        {
            _waitingPublishers.Leave(place);
        }
    }

    private ValueTask<long> PublishWhenRoomAsync(T value, CancellationToken cancellationToken, bool isFromSource = false) =>
        _waitingPublishers!.RunInTurnAsync(
            count: 1,
            place => TryPublishCalled(new ReadOnlySpan<T>(in value), place, out long sequence, isFromSource) ? sequence : null,
            cancellationToken);

    private async ValueTask PublishWhenRoomAsync(ReadOnlyMemory<T> values, CancellationToken cancellationToken) =>
        await _waitingPublishers!.RunInTurnAsync(
            values.Length,
            place => TryPublishCalled(values.Span, place, out long sequence) ? sequence : null,
            cancellationToken).ConfigureAwait(false);

    /// <summary>Publishes for a publisher that was called; if the room is gone, it waits for the next call.</summary>
    private bool TryPublishCalled(ReadOnlySpan<T> values, PublisherPlace place, out long sequence, bool isFromSource = false)
    {
        if (TryPublishGated(values, place, out sequence, isFromSource))
        {
            return true;
        }

        _waitingPublishers!.WaitAgain(place);
        return false;
    }

    /// <summary>Publishes without waiting, as <see cref="TryPublishUnlessOthersWait"/> does; throws where waiting could wait for
    /// itself.</summary>
    private bool TryPublishAtOnce(ReadOnlySpan<T> values, out long sequence, bool isFromSource = false, bool blocks = false)
    {
        if (TryPublishUnlessOthersWait(values, out sequence, isFromSource))
        {
            return true;
        }

        // In an action of a scheduler, which keeps this thread from waking the others: as inside a delivery, if it blocks.
        bool isWaking = blocks && WakingScope.IsInside(_log);
        if (isWaking && TryPublishGated(values, null, out sequence, isFromSource))
        {
            return true;
        }

        ThrowIfInsideDelivery(isWaking);
        return false;
    }

    /// <summary>Publishes if every subscriber has room and no publisher waits before this one; true if that is done, or there is nothing to
    /// do.</summary>
    /// <remarks>A publisher inside a delivery of the stream passes by those that wait: they may wait for that delivery. So does one that has
    /// waited for its turn.</remarks>
    private bool TryPublishUnlessOthersWait(ReadOnlySpan<T> values, out long sequence, bool isFromSource = false, bool hasTurn = false)
    {
        sequence = -1;
        bool waits = _waitingPublishers is { IsEmpty: false };
        return (!waits || hasTurn || values.IsEmpty || HasEnded || IsInsideDelivery) && TryPublishGated(values, null, out sequence, isFromSource);
    }

    /// <summary>For a caller that has to wait.</summary>
    private void ThrowIfInsideDelivery(bool isWaking = false)
    {
        if ((isWaking || IsInsideDelivery) && !HasEnded) // read last: a stream that has ended makes no publisher wait
        {
            throw new InvalidOperationException(
                "A subscriber with LagPolicy.Wait has no room, and this is published from inside a delivery of the same stream, or from a " +
                "handler that publishers wait for: waiting here could wait for itself. Publish from elsewhere, or give the subscriber more capacity.");
        }
    }

    /// <summary>For a caller that is about to block its thread.</summary>
    private void ThrowIfWaitingForItself(PublisherPlace place)
    {
        if (!HasEnded && _waitingPublishers!.WaitsForItself(place))
        {
            throw new InvalidOperationException(
                "A subscriber with LagPolicy.Wait has no room, and its observer is called on the thread that publishes this: waiting here would " +
                "wait for itself. Publish with OnNextAsync or on another thread, or give the subscriber more capacity.");
        }
    }

    /// <summary>Publishes if every subscriber that holds publishers back has room; true if that is done, or there is nothing to
    /// do.</summary>
    /// <param name="values">The events.</param>
    /// <param name="place">The publisher's place among those that wait, or null. It is given up with the claim.</param>
    /// <param name="sequence">The sequence number of the first event, or -1 if the log has ended.</param>
    /// <param name="isFromSource">Whether the stream's source publishes, for which a disposed stream is one that has ended.</param>
    private bool TryPublishGated(ReadOnlySpan<T> values, PublisherPlace? place, out long sequence, bool isFromSource = false)
    {
        sequence = -1;
        if (_log.Termination is not null || values.IsEmpty)
        {
            ThrowIfDisposed(isFromSource);
            return true;
        }

        Segment<T> tail = _log.TailBeforeClaim();
        EventStamp stamp = _log.TakeStamp();
        if (!TryClaimGated(values.Length, out sequence))
        {
            return false;
        }

        if (place is not null)
        {
            _waitingPublishers!.Leave(place);
        }

        PublishClaimed(tail, sequence, values, stamp);
        sequence = sequence < _log.NextSequence ? sequence : -1; // as in PublishRange
        return true;
    }

    private bool TryClaimGated(int count, out long sequence)
    {
        ClaimWord.Snapshot claims = _log.Claims.Read();
        do
        {
            sequence = claims.Count;
            if (!_waitingPublishers!.Gate.HasRoom(sequence, count))
            {
                return false;
            }
        }
        while (!_log.Claims.TryClaim(ref claims, count));

        return true;
    }

    private bool IsInsideDelivery => DeliveryScope.IsInside(_log) || HandlerScope.IsInside(_log) || Volatile.Read(ref _inline)?.IsInside == true;
}

using System.Runtime.CompilerServices;
using Rx.Delivery;
using Rx.Parking;
using Rx.Storage;

namespace Rx;

/// <content>Publishing, and publishing that waits for subscribers with <see cref="LagPolicy.Wait"/>.</content>
public sealed partial class EventStream<T>
{
    /// <summary>The publishers that are held back, and what holds them back; null until the first subscriber that needs it. Set once, before
    /// the flag <see cref="PublishFlags.GatedOrEnded"/>; read after it.</summary>
    private PublisherQueue<T>? _waitingPublishers;

    /// <summary>Publishes an event as <see cref="OnNext"/> does, and waits without blocking while a subscriber with
    /// <see cref="LagPolicy.Wait"/> has no room.</summary>
    /// <param name="value">The event.</param>
    /// <param name="cancellationToken">Ends the waiting; the event is then not published.</param>
    /// <returns>The event's sequence number, once the event is published: at once if no such subscriber is full. After a terminal event,
    /// which makes later calls ignored, -1.</returns>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled before there was room.</exception>
    /// <exception cref="InvalidOperationException">The call would have to wait inside a delivery of this stream, or in a handler that publishers wait
    /// for.</exception>
    public ValueTask<long> OnNextAsync(T value, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<long>(cancellationToken);
        }

        try
        {
            var one = new ReadOnlySpan<T>(in value);
            return (_log.Flags & PublishFlags.GatedOrEnded) == 0 ? new(PublishRange(one))
                : TryPublishAtOnce(one, out long sequence) ? new(sequence)
                : PublishWhenRoomAsync(value, _waitingPublishers!.Enter(1), cancellationToken);
        }
        catch (Exception error)
        {
            return ValueTask.FromException<long>(error);
        }
    }

    /// <summary>Publishes several events as one run, as <see cref="OnNextRange"/> does, and waits without blocking while a subscriber with
    /// <see cref="LagPolicy.Wait"/> has no room for the run.</summary>
    /// <param name="values">The events, in order. They are copied when they are published, so this memory must stay as it is until
    /// then.</param>
    /// <param name="cancellationToken">Ends the waiting; none of the events is then published.</param>
    /// <returns>Completes once the run is published: at once if each such subscriber has room. After a terminal event, which makes later calls
    /// ignored, at once.</returns>
    /// <remarks>The run is never divided. So a run that is longer than the capacity of a subscriber waits until that subscriber has consumed
    /// everything before the run, and then exceeds the capacity.</remarks>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled before there was room.</exception>
    /// <exception cref="InvalidOperationException">The call would have to wait inside a delivery of this stream, or in a handler that publishers wait
    /// for.</exception>
    public ValueTask OnNextRangeAsync(ReadOnlyMemory<T> values, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        try
        {
            if (!values.IsEmpty && (_log.Flags & PublishFlags.GatedOrEnded) == 0)
            {
                PublishRange(values.Span);
                return default;
            }

            return TryPublishAtOnce(values.Span, out _)
                ? default
                : PublishWhenRoomAsync(values, _waitingPublishers!.Enter(values.Length), cancellationToken);
        }
        catch (Exception error)
        {
            return ValueTask.FromException(error);
        }
    }

    /// <summary>Publishes an event. For an event of a source, a disposed stream counts as ended.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Publish(T value, bool isFromSource)
    {
        EventLog<T> log = _log;
        PublishFlags flags = log.Flags;
        if ((flags & PublishFlags.GatedOrEnded) != 0)
        {
            PublishGatedSlow(value, isFromSource);
        }
        else if (Volatile.Read(ref _inline) is { } inline)
        {
            inline.Publish(value, flags);
        }
        else if (!log.TryAppend(value, out long sequence, out Segment<T>? tail))
        {
            AppendSlow(value, sequence, tail);
        }

        // After publishing: a reader may be parked, and the first inline observer may have subscribed since; neither must wait for the next
        // event.
        else if ((log.Flags & PublishFlags.HasWaiters) != 0 || Volatile.Read(ref _inline) is not null)
        {
            WakeSlow(sequence);
        }
    }

    private WaitGate OpenGate()
    {
        WaitGate gate = LazyInitializer.EnsureInitialized(ref _waitingPublishers, () => new PublisherQueue<T>(_log, Parking)).Gate;
        _log.SetFlag(PublishFlags.GatedOrEnded);
        return gate;
    }

    private void Terminate(Termination termination, bool isFromSource = false)
    {
        if (!TryTerminate(termination))
        {
            ThrowIfDisposed(isFromSource);
        }
    }

    /// <summary>Ends the stream, and delivers the end; false if it had ended before.</summary>
    private bool TryTerminate(Termination termination)
    {
        if (!_log.TryTerminate(termination))
        {
            return false;
        }

        ErrorList errors = WakeReaders();
        Volatile.Read(ref _parking)?.WakeEnded();
        Deliver(_log.End, 1, errors);
        return true;
    }

    /// <summary>Appends where that takes more than <see cref="EventLog{T}.TryAppend"/> does.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AppendSlow(T value, long sequence, Segment<T>? tail) => WakeSlow(_log.AppendSlow(value, sequence, tail));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WakeSlow(long sequence) => Deliver(sequence, 1, WakeReaders());

    /// <summary>Publishes a run where <see cref="PublishFlags.GatedOrEnded"/> is not set; returns the sequence number of its first event.</summary>
    private long PublishRange(ReadOnlySpan<T> values)
    {
        Segment<T> tail = _log.TailBeforeClaim();
        EventStamp stamp = _log.TakeStamp();
        long sequence = _log.Claim(values.Length);
        PublishClaimed(tail, sequence, values, stamp);
        return sequence < _log.NextSequence ? sequence : -1; // claimed after the end: it is never read
    }

    /// <summary>Publishes a claimed run, and delivers it as <see cref="OnNext"/> does.</summary>
    private void PublishClaimed(Segment<T> tail, long sequence, ReadOnlySpan<T> values, EventStamp stamp)
    {
        _log.PublishRange(tail, sequence, values, stamp);
        Deliver(sequence, values.Length, WakeReaders());
    }

    private ErrorList WakeReaders() => (_log.Flags & PublishFlags.HasWaiters) != 0 ? _parking!.WakeReaders() : default;

    private void Deliver(long sequence, int count, ErrorList errors)
    {
        if (Volatile.Read(ref _inline) is { } inline)
        {
            inline.Deliver(sequence, count, errors);
        }
        else
        {
            errors.Throw();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishGatedSlow(T value, bool isFromSource) => PublishGated(new ReadOnlySpan<T>(in value), isFromSource);

    /// <summary>Publishes where a flag says to ask before: not at all after the end, and not at once where a subscriber holds publishers
    /// back.</summary>
    private void PublishGated(ReadOnlySpan<T> values, bool isFromSource = false)
    {
        if (TryPublishAtOnce(values, out _, isFromSource))
        {
            return;
        }

        PublisherQueue<T>.Place place = _waitingPublishers!.Enter(values.Length, CallingThread.Current);
        try
        {
            do
            {
                ThrowIfWaitingForItself(place);
                WaitingThreads.Wait(new(CallingThread.Current, DeliveryScope.HandledLogs(), _waitingPublishers), place.Called);
            }
            while (!TryPublishCalled(values, place, out _, isFromSource));
        }
        finally
        {
            _waitingPublishers.Leave(place);
        }
    }

    private async ValueTask<long> PublishWhenRoomAsync(
        T value, PublisherQueue<T>.Place place, CancellationToken cancellationToken, bool isFromSource = false)
    {
        try
        {
            long sequence;
            do
            {
                await place.Called.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            while (!TryPublishCalled(new ReadOnlySpan<T>(in value), place, out sequence, isFromSource));

            return sequence;
        }
        finally
        {
            _waitingPublishers!.Leave(place);
        }
    }

    private async ValueTask PublishWhenRoomAsync(ReadOnlyMemory<T> values, PublisherQueue<T>.Place place, CancellationToken cancellationToken)
    {
        try
        {
            do
            {
                await place.Called.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            while (!TryPublishCalled(values.Span, place, out _));
        }
        finally
        {
            _waitingPublishers!.Leave(place);
        }
    }

    /// <summary>Publishes for a publisher that was called; if the room is gone, it waits for the next call.</summary>
    private bool TryPublishCalled(ReadOnlySpan<T> values, PublisherQueue<T>.Place place, out long sequence, bool isFromSource = false)
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
    private bool TryPublishAtOnce(ReadOnlySpan<T> values, out long sequence, bool isFromSource = false)
    {
        if (TryPublishUnlessOthersWait(values, out sequence, isFromSource))
        {
            return true;
        }

        ThrowIfInsideDelivery();
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
    private void ThrowIfInsideDelivery()
    {
        if (IsInsideDelivery && !HasEnded) // read last: a stream that has ended makes no publisher wait
        {
            throw new InvalidOperationException(
                "A subscriber with LagPolicy.Wait has no room, and this is published from inside a delivery of the same stream, or from a " +
                "handler that publishers wait for: waiting here could wait for itself. Publish from elsewhere, or give the subscriber more capacity.");
        }
    }

    /// <summary>For a caller that is about to block its thread.</summary>
    private void ThrowIfWaitingForItself(PublisherQueue<T>.Place place)
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
    private bool TryPublishGated(ReadOnlySpan<T> values, PublisherQueue<T>.Place? place, out long sequence, bool isFromSource = false)
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

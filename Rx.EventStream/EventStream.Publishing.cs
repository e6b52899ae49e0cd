using System.Runtime.CompilerServices;
using Rx.Delivery;
using Rx.Parking;
using Rx.Storage;

namespace Rx;

/// <content>Publishing.</content>
public sealed partial class EventStream<T>
{
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
                : PublishWhenRoomAsync(value, cancellationToken);
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
                : PublishWhenRoomAsync(values, cancellationToken);
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

        LetReadersGo();
        _log.MoveWindow(); // the tail moves no more
        ErrorList errors = WakeReaders();
        Volatile.Read(ref _parking)?.WakeEnded();
        DeliverEnd(errors);
        return true;
    }

    /// <summary>Has readers end, and keep nothing, that have read everything, now that the stream has ended or is disposed.</summary>
    private void LetReadersGo()
    {
        List<EventSubscription> readers = CopyReaders();
        if (readers.Count > 0)
        {
            Interlocked.MemoryBarrierProcessWide(); // a reader stores its sequence number, then loads the end, without a fence between
            readers.ForEach(static reader => reader.OnStreamEnded());
        }
    }

    private List<EventSubscription> CopyReaders()
    {
        List<EventSubscription> readers = [];
        Volatile.Read(ref _scheduled)?.Readers.CopyTo(readers);
        return readers;
    }

    /// <summary>Appends where that takes more than <see cref="EventLog{T}.TryAppend"/> does.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AppendSlow(T value, long sequence, Segment<T>? tail) => WakeSlow(_log.AppendSlow(value, sequence, tail));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WakeSlow(long sequence) => WakeAndDeliver(sequence, 1);

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
        WakeAndDeliver(sequence, values.Length);
    }

    private ErrorList WakeReaders() => (_log.Flags & PublishFlags.HasWaiters) != 0 ? _parking!.WakeReaders() : default;

    private void WakeAndDeliver(long sequence, int count)
    {
        if (Volatile.Read(ref _inline) is { } inline)
        {
            inline.WakeAndDeliver(sequence, count);
        }
        else
        {
            WakeReaders().Throw();
        }
    }

    private void DeliverEnd(ErrorList errors)
    {
        if (Volatile.Read(ref _inline) is { } inline)
        {
            inline.Deliver(_log.End, errors: errors);
        }
        else
        {
            errors.Throw();
        }
    }
}

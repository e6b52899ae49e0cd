using System.Runtime.CompilerServices;
using Rx.Delivery;
using Rx.Parking;
using Rx.Storage;

namespace Rx;

/// <content>Publishing off the fast path, and publishing that waits for subscribers with <see cref="LagPolicy.Wait"/>.</content>
public sealed partial class EventStream<T>
{
    /// <summary>What holds publishers back, null until the first subscriber that needs it. Set once; read with acquire.</summary>
    private WaitGate? _gate;

    /// <summary>Publishes an event as <see cref="OnNext"/> does, and waits without blocking while a subscriber with
    /// <see cref="LagPolicy.Wait"/> has no room.</summary>
    /// <param name="value">The event.</param>
    /// <param name="cancellationToken">Ends the waiting; the event is then not published.</param>
    /// <returns>The event's sequence number, once the event is published: at once if no such subscriber is full. After a terminal event,
    /// which makes later calls ignored, -1.</returns>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled before there was room.</exception>
    /// <exception cref="InvalidOperationException">The call would have to wait inside a delivery of this stream.</exception>
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
                : TryPublishGated(one, out long sequence) ? new(sequence)
                : PublishWhenRoomAsync(value, cancellationToken);
        }
        catch (Exception error)
        {
            return ValueTask.FromException<long>(error);
        }
    }

    private WaitGate OpenGate()
    {
        WaitGate gate = LazyInitializer.EnsureInitialized(ref _gate, static () => new WaitGate());
        _log.SetFlag(PublishFlags.GatedOrEnded);
        return gate;
    }

    private void Terminate(Termination termination, bool isFromSource = false)
    {
        if (!_log.TryTerminate(termination))
        {
            ThrowIfDisposed(isFromSource);
            return;
        }

        ErrorList errors = WakeReaders();
        Volatile.Read(ref _parking)?.WakeEnded();
        Drain(_log.End, errors);
    }

    /// <summary>Appends where that takes more than <see cref="EventLog{T}.TryAppend"/> does.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AppendSlow(T value, long sequence, Segment<T>? tail) => WakeSlow(_log.AppendSlow(value, sequence, tail));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WakeSlow(long sequence) => Drain(sequence, WakeReaders());

    /// <summary>Publishes a run where no flag says to ask before; returns the sequence number of its first event.</summary>
    private long PublishRange(ReadOnlySpan<T> values)
    {
        Segment<T> tail = _log.TailBeforeClaim();
        long time = _log.ReadClock();
        long sequence = _log.Claim(values.Length);
        PublishClaimed(tail, sequence, values, time);
        return sequence < _log.NextSequence ? sequence : -1; // claimed after the end: it is never read
    }

    /// <summary>Publishes a claimed run, and delivers it as <see cref="OnNext"/> does.</summary>
    private void PublishClaimed(Segment<T> tail, long sequence, ReadOnlySpan<T> values, long time)
    {
        _log.PublishRange(tail, sequence, values, time);
        Drain(sequence, WakeReaders());
    }

    private ErrorList WakeReaders() => (_log.Flags & PublishFlags.HasWaiters) != 0 ? _parking!.WakeReaders() : default;

    private void Drain(long sequence, ErrorList errors)
    {
        if (Volatile.Read(ref _inline)?.TryDrain(sequence, errors) != true)
        {
            errors.Throw();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishGatedSlow(T value) => PublishGated(new ReadOnlySpan<T>(in value));

    /// <summary>Publishes where a flag says to ask before: not at all after the end, and not at once where a subscriber holds publishers
    /// back.</summary>
    private void PublishGated(ReadOnlySpan<T> values, bool isFromSource = false)
    {
        while (!TryPublishGated(values, out _, isFromSource))
        {
            ThrowIfInsideDelivery();
            int count = values.Length;
            ProgressWait<T>.Until(Parking, () => HasRoom(count), CancellationToken.None).GetAwaiter().GetResult();
        }
    }

    private async ValueTask<long> PublishWhenRoomAsync(T value, CancellationToken cancellationToken)
    {
        long sequence;
        do
        {
            ThrowIfInsideDelivery();
            await ProgressWait<T>.Until(Parking, () => HasRoom(1), cancellationToken).ConfigureAwait(false);
        }
        while (!TryPublishGated(new ReadOnlySpan<T>(in value), out sequence));
        return sequence;
    }

    private bool HasRoom(int count) => _log.Termination is not null || _gate!.HasRoom(_log.Claimed, count);

    /// <summary>Publishes if every subscriber that holds publishers back has room; true if that is done, or there is nothing to
    /// do.</summary>
    private bool TryPublishGated(ReadOnlySpan<T> values, out long sequence, bool isFromSource = false)
    {
        sequence = -1;
        if (_log.Termination is not null || values.IsEmpty)
        {
            ThrowIfDisposed(isFromSource);
            return true;
        }

        Segment<T> tail = _log.TailBeforeClaim();
        long time = _log.ReadClock();
        if (!TryClaimGated(values.Length, out sequence))
        {
            return false;
        }

        PublishClaimed(tail, sequence, values, time);
        sequence = sequence < _log.NextSequence ? sequence : -1; // as in PublishRange
        return true;
    }

    private bool TryClaimGated(int count, out long sequence)
    {
        ClaimWord.Snapshot claims = _log.Claims.Read();
        do
        {
            sequence = claims.Count;

            // During a delivery that began on the fast path, before the gate was there, no publisher waits: one inside it cannot be
            // recognized, and would wait for itself.
            if (!_gate!.HasRoom(sequence, count) && !claims.HasUnknownDrainer)
            {
                return false;
            }
        }
        while (!_log.Claims.TryClaim(ref claims, count));

        return true;
    }

    private void ThrowIfInsideDelivery()
    {
        if (DeliveryScope.IsInside(_log) || Volatile.Read(ref _inline)?.IsInside == true)
        {
            throw new InvalidOperationException(
                "A subscriber with LagPolicy.Wait has no room, and this is published from inside a delivery of the same stream: " +
                "waiting here could wait for itself. Publish from elsewhere, or give the subscriber more capacity.");
        }
    }
}

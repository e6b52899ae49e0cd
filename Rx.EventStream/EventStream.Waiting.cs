using System.Runtime.CompilerServices;
using Rx.Delivery;
using Rx.Storage;

namespace Rx;

/// <content>Publishing that waits for subscribers with <see cref="LagPolicy.Wait"/>.</content>
public sealed partial class EventStream<T>
{
    /// <summary>What holds publishers back, null until the first subscriber that wants it. Set once by CAS, read with acquire.</summary>
    private WaitGate<T>? _gate;

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
            return (_log.Duties & Duties.Ask) == 0 ? new(PublishRangeAtOnce(one))
                : TryPublishGated(one, out long sequence) ? new(sequence)
                : PublishWhenRoomAsync(value, cancellationToken);
        }
        catch (Exception error)
        {
            return ValueTask.FromException<long>(error);
        }
    }

    private WaitGate<T> OpenGate()
    {
        WaitGate<T> gate = Volatile.Read(ref _gate)
            ?? Interlocked.CompareExchange(ref _gate, new WaitGate<T>(_log), null)
            ?? _gate;

        // Not only by the first one, which may not have come as far as this.
        _log.Impose(Duties.Ask);
        gate.Open(() => Volatile.Read(ref _inline)?.WatchDelivery());
        return gate;
    }

    /// <summary>Publishes one event where a plain publication will not do.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishSlow(T value) => PublishSlow(new ReadOnlySpan<T>(in value));

    /// <summary>Publishes where a plain publication will not do: not at all after the end, not at once where subscribers are waited for.</summary>
    private void PublishSlow(ReadOnlySpan<T> values)
    {
        while (!TryPublishGated(values, out _))
        {
            ThrowIfInsideDelivery();
            int count = values.Length;
            ProgressWait<T>.Until(_log, () => HasRoom(count), CancellationToken.None).GetAwaiter().GetResult();
        }
    }

    private async ValueTask<long> PublishWhenRoomAsync(T value, CancellationToken ct)
    {
        long sequence;
        do
        {
            ThrowIfInsideDelivery();
            await ProgressWait<T>.Until(_log, () => HasRoom(1), ct).ConfigureAwait(false);
        }
        while (!TryPublishGated(new ReadOnlySpan<T>(in value), out sequence));
        return sequence;
    }

    private bool HasRoom(int count) => _log.Termination is not null || _gate!.HasRoom(_log.Claimed, count);

    /// <summary>Publishes if every subscriber that is waited for has room; true if that is done, or there is nothing to do.</summary>
    private bool TryPublishGated(ReadOnlySpan<T> values, out long sequence)
    {
        EventLog<T> log = _log;
        sequence = -1;
        if (log.Termination is not null || values.IsEmpty)
        {
            ThrowIfDisposed();
            return true;
        }

        Segment<T> tail = log.TailBeforeClaim();
        long time = log.ReadClock();
        if (!TryClaimGated(values.Length, out sequence))
        {
            return false;
        }

        // Whoever publishes from inside an observer that this calls must not wait for a subscriber behind it.
        object? outer = DeliveryScope.Enter(log);
        try
        {
            PublishClaimed(tail, sequence, values, time);
        }
        finally
        {
            DeliveryScope.Leave(outer);
        }

        return true;
    }

    private bool TryClaimGated(int count, out long sequence)
    {
        ref long claims = ref _log.Claims;
        long word = Volatile.Read(ref claims);
        while (true)
        {
            sequence = EventLog<T>.CountOf(word);
            if (!_gate!.HasRoom(sequence, count))
            {
                return false;
            }

            long seen = Interlocked.CompareExchange(ref claims, word + count, word);
            if (seen == word)
            {
                return true;
            }

            word = seen;
        }
    }

    private void ThrowIfInsideDelivery()
    {
        if (DeliveryScope.IsInside(_log))
        {
            throw new InvalidOperationException(
                "A subscriber with LagPolicy.Wait has no room, and this is published from inside a delivery of the same stream: " +
                "waiting here could wait for itself. Publish from elsewhere, or give the subscriber more capacity.");
        }
    }
}

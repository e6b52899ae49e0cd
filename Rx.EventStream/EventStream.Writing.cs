using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Rx.Diagnostics;
using Rx.Parking;
using Rx.Storage;

namespace Rx;

/// <content>Publishing as a channel's writer does.</content>
public sealed partial class EventStream<T>
{
    /// <summary>A writer whose channel is this stream.</summary>
    internal ChannelWriter<T> AsWriter() => new Writer(this);

    /// <summary>The stream as code that writes to a channel sees it: full while a subscriber with <see cref="LagPolicy.Wait"/> is full, and
    /// closed once the stream has ended or is disposed.</summary>
    /// <remarks>A wait for room has a place among the publishers that wait. It reserves nothing, as with any channel: the place is given up
    /// when the wait ends. One write may then pass by the publishers that wait, or those would take the room each time.</remarks>
    private sealed class Writer(EventStream<T> stream) : ChannelWriter<T>
    {
        /// <summary>1 if a wait for room has ended, and no write has used its turn yet. Exchanged by the threads that write.</summary>
        private int _hasTurn;

        public override bool TryWrite(T item) => TryPublish(item, out long sequence) && sequence >= 0;

        public override ValueTask WriteAsync(T item, CancellationToken cancellationToken = default)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return ValueTask.FromCanceled(cancellationToken);
            }

            try
            {
                if (TryPublish(item, out long sequence))
                {
                    return sequence >= 0 ? default : ValueTask.FromException(Closed());
                }

                stream.ThrowIfInsideDelivery();
                return WriteWhenRoomAsync(item, cancellationToken);
            }
            catch (Exception error)
            {
                return ValueTask.FromException(error);
            }
        }

        public override ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken = default)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return ValueTask.FromCanceled<bool>(cancellationToken);
            }

            try
            {
                if ((stream._log.Flags & PublishFlags.GatedOrEnded) == 0)
                {
                    return new(true);
                }

                if (stream._log.Termination is { } end)
                {
                    return ErrorOf(end) is { } error ? ValueTask.FromException<bool>(error) : new(false);
                }

                bool isInside = stream.IsInsideDelivery;
                PublisherQueue<T> queue = stream._waitingPublishers!;
                if ((queue.IsEmpty || isInside) && HasRoom(queue))
                {
                    return new(true);
                }

                stream.ThrowIfInsideDelivery();
                return WaitForRoomAsync(queue, cancellationToken);
            }
            catch (Exception error)
            {
                return ValueTask.FromException<bool>(error);
            }
        }

        public override bool TryComplete(Exception? error = null) =>
            stream.TryTerminate(error is null ? Termination.Completed : Termination.Failed(error));

        /// <summary>Publishes if that needs no wait; true if that is done, or the stream has ended.</summary>
        /// <param name="item">The event.</param>
        /// <param name="sequence">Its sequence number, or -1 if the stream has ended.</param>
        private bool TryPublish(T item, out long sequence)
        {
            var one = new ReadOnlySpan<T>(in item);
            if ((stream._log.Flags & PublishFlags.GatedOrEnded) == 0)
            {
                sequence = stream.PublishRange(one);
                return true;
            }

            bool hasTurn = Volatile.Read(ref _hasTurn) != 0 && Interlocked.Exchange(ref _hasTurn, 0) != 0;
            return stream.TryPublishUnlessOthersWait(one, out sequence, isFromSource: true, hasTurn);
        }

        private async ValueTask WriteWhenRoomAsync(T item, CancellationToken cancellationToken)
        {
            if (await stream.PublishWhenRoomAsync(item, cancellationToken, isFromSource: true).ConfigureAwait(false) < 0)
            {
                throw Closed();
            }
        }

        private async ValueTask<bool> WaitForRoomAsync(PublisherQueue<T> queue, CancellationToken cancellationToken)
        {
            await queue.RunInTurnAsync(count: 1, TryTakeTurn, cancellationToken).ConfigureAwait(false);
            if (stream._log.Termination is not { } end)
            {
                return true;
            }

            if (ErrorOf(end) is { } error)
            {
                ExceptionDispatchInfo.Throw(error);
            }

            return false;
        }

        /// <summary>Takes the turn for the next write, which so has a start before the next publisher is called.</summary>
        private long? TryTakeTurn(AsyncPublisherPlace place)
        {
            PublisherQueue<T> queue = stream._waitingPublishers!;
            if (!stream.HasEnded && !HasRoom(queue))
            {
                queue.WaitAgain(place);
                return null;
            }

            Interlocked.Exchange(ref _hasTurn, 1);
            return -1;
        }

        private bool HasRoom(PublisherQueue<T> queue) => queue.Gate.HasRoom(stream._log.Claimed, 1);

        /// <summary>What a write throws after the end, by a channel's conventions.</summary>
        private Exception Closed() => ErrorOf(stream._log.Termination) switch
        {
            null => new ChannelClosedException(),
            OperationCanceledException cancellation => cancellation,
            { } error => new ChannelClosedException(error),
        };

        private Exception? ErrorOf(Termination? end) =>
            end is { IsDisposal: true } ? DisposedError.OfStream(stream._log) : end?.Error;
    }
}

using Rx.Storage;

namespace Rx;

/// <content>Publishing what a source produces, on the source's threads.</content>
public sealed partial class EventStream<T>
{
    /// <summary>Subscribes the stream to a source until the stream is disposed.</summary>
    internal void SubscribeTo(IObservable<T> source) => Own(source.SubscribeSafe(new Feed(this)));

    /// <summary>Takes over what is disposed with the stream: its part in its source.</summary>
    internal void Own(IDisposable source)
    {
        Interlocked.Exchange(ref _owned, source);
        if (IsDisposed)
        {
            Interlocked.Exchange(ref _owned, null)?.Dispose();
        }
    }

    /// <summary>Publishes an event of a source that can wait for room; the result is its sequence number, or -1 once the stream has ended or is
    /// disposed.</summary>
    /// <remarks>It waits inside a delivery of the stream too: the thread that delivers goes on.</remarks>
    internal ValueTask<long> FeedAsync(T value)
    {
        var one = new ReadOnlySpan<T>(in value);
        return (_log.Flags & PublishFlags.GatedOrEnded) == 0 ? new(PublishRange(one))
            : TryPublishUnlessOthersWait(one, out long sequence, isFromSource: true) ? new(sequence)
            : PublishWhenRoomAsync(value, CancellationToken.None, isFromSource: true);
    }

    /// <summary>What publishes to the stream, and does nothing once the stream is disposed.</summary>
    internal IObserver<T> AsFeed() => new Feed(this);

    /// <summary>What a source sees of the stream. A source may go on publishing while the stream is disposed, and until the source is
    /// unsubscribed from; then nothing happens, as it does with an observer that has unsubscribed.</summary>
    private sealed class Feed(EventStream<T> stream) : IObserver<T>
    {
        public void OnNext(T value) => stream.Publish(value, isFromSource: true);

        public void OnError(Exception error)
        {
            ArgumentNullException.ThrowIfNull(error);
            stream.Terminate(Termination.Failed(error), isFromSource: true);
        }

        public void OnCompleted() => stream.Terminate(Termination.Completed, isFromSource: true);
    }
}

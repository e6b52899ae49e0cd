using System.Reactive.Disposables;
using System.Threading.Channels;
using Rx.Operators;

namespace Rx;

/// <content>Streams beside other kinds of asynchronous sequences.</content>
public static partial class EventStreamExtensions
{
    /// <summary>Publishes what an asynchronous enumerable produces to a new stream.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="source">The source; enumerated once.</param>
    /// <param name="options">The stream's options; null for the defaults.</param>
    /// <returns>The stream. Disposing it cancels the token that the enumeration has, and disposes the enumerator once its pending
    /// <c>MoveNextAsync</c> has returned.</returns>
    /// <remarks>
    /// <code>
    /// source  -a--b--c-|
    /// stream  -a--b--c-|   for each of any number of observers
    /// </code>
    /// The source is read as fast as subscribers with <see cref="LagPolicy.Wait"/> allow, and without such a subscriber as fast as it
    /// produces, whether there is an observer or not. Use a <see cref="Retention"/> to keep the first events for observers that come later.
    /// <para>The enumeration begins on the thread pool, without the caller's synchronization context, so it never blocks the caller: a hot source
    /// is joined soon after this has returned. Every other <c>MoveNextAsync</c>, and every observer that has no scheduler, is called on the thread
    /// on which the source has completed the one before. A source that always completes at once gives its thread back to the pool from time to
    /// time.</para>
    /// <para>The stream ends after the enumerator was disposed, once: with the source's error, be it an
    /// <see cref="OperationCanceledException"/> or an exception of the disposal, or by completion. Of two exceptions the first is the stream's
    /// error. If the stream is ended by other means, the enumeration ends with the next event.</para>
    /// <para>An exception of an observer that has no scheduler ends the enumeration, and is unhandled there, as on any scheduler of the thread
    /// pool: there is no caller to get it, and other observers must not. Observe on a scheduler to choose where it goes.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="source"/> is null.</exception>
    public static EventStream<T> ToEventStream<T>(this IAsyncEnumerable<T> source, EventStreamOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        var stream = new EventStream<T>(options ?? EventStreamOptions.Default);
        var cancellation = new CancellationDisposable();
        stream.Own(cancellation);
        EnumerationFeed.Start(source, stream, cancellation.Token);
        return stream;
    }

    /// <summary>A channel's writer that publishes to a stream, for code that writes to a channel.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="stream">The stream.</param>
    /// <remarks>
    /// It keeps the conventions of a bounded channel's writer. The channel is full while a subscriber with <see cref="LagPolicy.Wait"/> is full,
    /// and has no bound without such a subscriber. It is closed once the stream has ended or is disposed.
    /// <list type="bullet">
    /// <item><see cref="ChannelWriter{T}.TryWrite"/> returns false while the channel is full, while other publishers wait for room, and once it
    /// is closed.</item>
    /// <item><see cref="ChannelWriter{T}.WaitToWriteAsync"/> returns true when there is room, and false once the stream has completed. It throws
    /// the stream's error, or an <see cref="ObjectDisposedException"/> if the stream is disposed. It waits in one queue with the publishers that
    /// wait, first come, first served. As with any channel it reserves nothing: another publisher may be faster. But after a wait, the writer's
    /// next write, whenever it comes, does not wait behind the queue if there is room, or the queue would take the room each time.</item>
    /// <item><see cref="ChannelWriter{T}.WriteAsync"/> waits as <see cref="EventStream{T}.OnNextAsync"/> does, and throws a
    /// <see cref="ChannelClosedException"/> once the channel is closed.</item>
    /// <item><see cref="ChannelWriter{T}.TryComplete"/> ends the stream, with an error if it gets one; false if the stream had ended
    /// before.</item>
    /// </list>
    /// <para>Observers without a scheduler get an event before the write returns, and their exceptions leave the write, as with
    /// <see cref="EventStream{T}.OnNext"/>. So any write, <see cref="ChannelWriter{T}.TryWrite"/> too, blocks while
    /// <see cref="EventStreamOptions.MaxInlineBacklog"/> events wait for them. Inside a delivery of the stream, a write that would have to wait throws
    /// <see cref="InvalidOperationException"/>, since it could wait for itself.</para>
    /// <para><b>Concurrency.</b> As the stream: any number of threads may write, or one at a time with
    /// <see cref="EventStreamOptions.SingleWriter"/>. Several writers of one stream may be used beside each other and beside
    /// <c>OnNext</c>.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    public static ChannelWriter<T> AsChannelWriter<T>(this EventStream<T> stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return stream.AsWriter();
    }
}

using System.Reactive.Concurrency;

namespace Rx;

/// <summary>The options of an <see cref="EventStream{T}"/>. Set once, when the stream is created.</summary>
/// <remarks><b>Concurrency.</b> Immutable; one instance may serve any number of streams.</remarks>
public sealed class EventStreamOptions
{
    /// <summary>What <see cref="SegmentCapacity"/> is unless set.</summary>
    internal const int DefaultSegmentCapacity = 1024;

    /// <summary>What <see cref="MaxInlineBacklog"/> is unless set.</summary>
    internal const int DefaultMaxInlineBacklog = 1024;

    internal static readonly EventStreamOptions Default = new();

    private readonly int _segmentCapacity = DefaultSegmentCapacity;
    private readonly int _maxInlineBacklog = DefaultMaxInlineBacklog;
    private readonly Retention _retention = Retention.None;
    private readonly LagPolicy _lagPolicy = LagPolicy.Unbounded;

    /// <summary>Whether only one thread at a time publishes, which saves it the interlocked operations of the usual path. Default: false,
    /// any thread may publish at any time.</summary>
    /// <remarks>
    /// It is a promise of the caller, like a channel's <c>SingleWriter</c>: <c>OnNext</c>, <c>OnNextRange</c>, <c>OnError</c> and
    /// <c>OnCompleted</c> never overlap, except for calls from inside an observer. If the promise is broken, events are lost, and
    /// publishing throws an <see cref="InvalidOperationException"/> as soon as that is noticed. Any thread may subscribe, read and dispose.
    /// </remarks>
    public bool SingleWriter { get; init; }

    /// <summary>Where observers are called that have no scheduler of their own. Default: null, on the publishing thread before
    /// <c>OnNext</c> returns, as <see cref="System.Reactive.Subjects.Subject{T}"/> does.</summary>
    public IScheduler? Scheduler { get; init; }

    /// <summary>The clock for retention by age. Default: null, the time of <see cref="Scheduler"/> if that is a virtual-time scheduler,
    /// else <see cref="System.TimeProvider.System"/>.</summary>
    /// <remarks>Its monotonic timestamps are used, so setting the wall clock neither drops nor revives events.</remarks>
    public TimeProvider? TimeProvider { get; init; }

    /// <summary>What late subscribers can replay. Default: <see cref="Retention.None"/>.</summary>
    public Retention Retention
    {
        get => _retention;
        init => _retention = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>What happens to a subscriber that lags, unless it has a policy of its own. Default:
    /// <see cref="LagPolicy.Unbounded"/>.</summary>
    public LagPolicy LagPolicy
    {
        get => _lagPolicy;
        init => _lagPolicy = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>How many published events may wait for the observers on the publishing threads, the event in delivery included, before
    /// publishers wait too; at least 1. Default: 1,024.</summary>
    /// <remarks>
    /// While one thread calls the observers, other publishers append and return. Once so many events come before its own, a publisher blocks
    /// until its own event is delivered, or until it takes the delivery over. Once a thread has delivered its own event and this many of other
    /// publishers' events, it hands the delivery over to the next publisher that waits or publishes. A publisher that one of these observers
    /// calls never waits. Neither does one in a circle: the delivering thread waits inside the <c>OnNext</c> of another stream, for its turn or
    /// for a subscriber with <see cref="LagPolicy.Wait"/>, and this publisher is inside a delivery of that stream, or on the thread where such a
    /// subscriber is called. An observer that waits for another thread's <c>OnNext</c> by other means can wait
    /// forever, as with <c>Subject.Synchronize</c>. Of no effect on observers on schedulers, and with <see cref="SingleWriter"/>.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxInlineBacklog
    {
        get => _maxInlineBacklog;
        init
        {
            if (value < 1)
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, "MaxInlineBacklog must be at least 1 event.");
            }

            _maxInlineBacklog = value;
        }
    }

    /// <summary>The most events in one segment of the list, from 1 to 1,048,576. Default: 1,024.</summary>
    /// <remarks>
    /// The first segments are smaller. Segments of large structs are smaller too, so that arrays stay out of the large object heap.
    /// Memory is freed a segment at a time. So a segment of a type that is or contains a reference has at most 32 events: a stream without
    /// retention keeps no more than these of what its subscribers have consumed.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int SegmentCapacity
    {
        get => _segmentCapacity;
        init
        {
            if (value is < 1 or > 1 << 20)
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, "SegmentCapacity must be from 1 to 1,048,576 events.");
            }

            _segmentCapacity = value;
        }
    }

    /// <summary>Whether the trace in which an event is published travels with the event, so that activities of handlers link to it. Default:
    /// false.</summary>
    /// <remarks>
    /// Each call of a handler (<see cref="EventObservable{T}.SubscribeAwait(Func{T, CancellationToken, ValueTask}, SubscribeAwaitOptions{T})"/>)
    /// then has an <see cref="System.Diagnostics.Activity"/> of the source <c>Rx.EventStream</c>, of the kind consumer, in a trace of its own, with
    /// a link to the publisher's <see cref="System.Diagnostics.Activity.Current"/>. As long as no listener is registered for the source, there are
    /// no activities, and publishing costs only a look at that.
    /// </remarks>
    public bool CaptureActivity { get; init; }

    /// <summary>The stream's name. Default: null.</summary>
    /// <remarks>A stream with a name reports to the meter <c>Rx.EventStream</c> (System.Diagnostics.Metrics), under the tag
    /// <c>stream</c>; streams of the same name are summed.</remarks>
    public string? Name { get; init; }
}

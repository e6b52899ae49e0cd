using System.Reactive.Concurrency;
using System.Text.Json.Serialization.Metadata;
using NATS.Client.Core;
using Rx.Nats.Serialization;

namespace Rx.Nats;

/// <summary>The options of a <see cref="NatsEventStream{T}"/>. They are set once, when the stream is opened.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks><b>Concurrency.</b> Immutable; one instance can be used for any number of streams.</remarks>
public sealed class NatsEventStreamOptions<T>
{
    private readonly NatsStart _start = NatsStart.Now;
    private readonly EventStreamOptions _local = new() { Retention = Retention.Count(1024), Scheduler = TaskPoolScheduler.Default };
    private readonly TimeSpan _publishTimeout = TimeSpan.FromSeconds(30);
    private readonly int _maxInFlight = 512;
    private readonly int _prefetch = 1000;

    /// <summary>Creates options for events that are stored as JSON.</summary>
    /// <param name="json">How to write and read an event. A <c>JsonSerializerContext</c> of System.Text.Json's source generator provides it.</param>
    /// <exception cref="ArgumentNullException"><paramref name="json"/> is null.</exception>
    public NatsEventStreamOptions(JsonTypeInfo<T> json)
    {
        ArgumentNullException.ThrowIfNull(json);
        Serializer = new JsonEventSerializer<T>(json);
    }

    /// <summary>Creates options for events that are stored in a custom format.</summary>
    /// <param name="serializer">How to write and read an event. It is called from any thread.</param>
    /// <exception cref="ArgumentNullException"><paramref name="serializer"/> is null.</exception>
    public NatsEventStreamOptions(INatsSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        Serializer = serializer;
    }

    /// <summary>The name of the stream on the server. The stream must exist.</summary>
    public required string Stream { get; init; }

    /// <summary>Gives the subject to publish an event to. The stream must store that subject. A subject cannot contain a wildcard, a space or a control
    /// character.</summary>
    public required Func<T, string> Subject { get; init; }

    /// <summary>A subject, or a pattern such as <c>orders.*.placed</c>. Only events with a matching subject are read. The default, null, reads all events of
    /// the stream.</summary>
    /// <remarks>The stream must store at least one subject that matches.</remarks>
    public string? Filter { get; init; }

    /// <summary>Where the local stream starts. The default is <see cref="NatsStart.Now"/>.</summary>
    /// <remarks>
    /// The local stream receives events from the moment it is opened, whether or not it has a subscriber, and retains what <see cref="Local"/> says.
    /// With a start in the past, the first events may pass through it before there is a subscriber. To read every event from a place in the past,
    /// use <see cref="NatsEventStream{T}.From"/>, <see cref="NatsEventStream{T}.ReadAllAsync"/> or <c>ToProjection</c>: they do not depend on this start.
    /// A start in the past is useful with a <see cref="Local"/> that has <see cref="Retention.All"/>, and when only the newest events matter.
    /// </remarks>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public NatsStart Start
    {
        get => _start;
        init => _start = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The options of the local stream. By default it retains 1,024 events and calls observers on the thread pool.</summary>
    /// <remarks>
    /// The lag policy applies to subscribers of <see cref="NatsEventStream{T}.Events"/>. <see cref="NatsEventStream{T}.From"/>,
    /// <see cref="NatsEventStream{T}.ReadAllAsync"/> and <c>ToProjection</c> never leave an event out. With <see cref="LagPolicy.Wait"/>, this process reads
    /// no faster than its slowest observer; other processes are not affected.
    /// </remarks>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public EventStreamOptions Local
    {
        get => _local;
        init => _local = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The longest time that publishing an event can take, including waiting and retries. The default is 30 seconds.</summary>
    /// <remarks>It must not exceed the stream's duplicate window: a retry after that window would store the event twice.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public TimeSpan PublishTimeout
    {
        get => _publishTimeout;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            _publishTimeout = value;
        }
    }

    /// <summary>The largest number of events that are sent and not yet answered; at least 1. The default is 512.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxInFlight
    {
        get => _maxInFlight;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _maxInFlight = value;
        }
    }

    /// <summary>The largest number of events that the server sends before the previous ones are handled; at least 1. The default is 1,000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int Prefetch
    {
        get => _prefetch;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _prefetch = value;
        }
    }

    /// <summary>Called with the error for each event that cannot be deserialized; the event is then skipped. The default is null: reading ends with the
    /// error.</summary>
    public Action<UnreadableEventException>? SkipUnreadable { get; init; }

    internal INatsSerializer<T> Serializer { get; }
}

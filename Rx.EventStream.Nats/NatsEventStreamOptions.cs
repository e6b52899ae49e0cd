using System.Reactive.Concurrency;
using System.Text.Json.Serialization.Metadata;
using NATS.Client.Core;
using Rx.Nats.Serialization;

namespace Rx.Nats;

/// <summary>How a <see cref="NatsEventStream{T}"/> is to work. Set once, when it is opened.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks><b>Concurrency.</b> Immutable; one instance may serve any number of streams.</remarks>
public sealed class NatsEventStreamOptions<T>
{
    private readonly NatsStart _start = NatsStart.Now;
    private readonly EventStreamOptions _local = new() { Retention = Retention.Count(1024), Scheduler = TaskPoolScheduler.Default };
    private readonly TimeSpan _publishTimeout = TimeSpan.FromSeconds(30);
    private readonly int _maxInFlight = 512;
    private readonly int _prefetch = 1000;

    /// <summary>Options for events that are stored as JSON.</summary>
    /// <param name="json">How to write and read them; a <c>JsonSerializerContext</c> of System.Text.Json's source generator has it.</param>
    /// <exception cref="ArgumentNullException"><paramref name="json"/> is null.</exception>
    public NatsEventStreamOptions(JsonTypeInfo<T> json)
    {
        ArgumentNullException.ThrowIfNull(json);
        Serializer = new JsonEventSerializer<T>(json);
    }

    /// <summary>Options for events that are stored in a format of your own.</summary>
    /// <param name="serializer">How to write and read them. It is called from any thread.</param>
    /// <exception cref="ArgumentNullException"><paramref name="serializer"/> is null.</exception>
    public NatsEventStreamOptions(INatsSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        Serializer = serializer;
    }

    /// <summary>The name of the stream on the server. It must be there.</summary>
    public required string Stream { get; init; }

    /// <summary>The subject to publish an event to; one that the stream stores, with no wildcard, space or control character in it.</summary>
    public required Func<T, string> Subject { get; init; }

    /// <summary>Only events of these subjects are read, such as <c>orders.*.placed</c>. Default: null, all events of the stream.</summary>
    /// <remarks>The stream must store subjects that match.</remarks>
    public string? Filter { get; init; }

    /// <summary>Where the local stream starts. Default: <see cref="NatsStart.Now"/>.</summary>
    /// <remarks>
    /// The local stream runs from the moment it is opened, whether or not somebody has subscribed, and retains what <see cref="Local"/> says. With a start in
    /// the past, the first events may have gone through it before there is a subscriber. Whoever must have everything from a place on uses
    /// <see cref="NatsEventStream{T}.From"/>, <see cref="NatsEventStream{T}.ReadAllAsync"/> or <c>ToProjection</c>, whatever the start. A start in
    /// the past is for a <see cref="Local"/> with <see cref="Retention.All"/>, and for those who want the newest of it only.
    /// </remarks>
    public NatsStart Start
    {
        get => _start;
        init => _start = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>How the local stream is to work. Default: it retains 1,024 events, and calls observers on the thread pool.</summary>
    /// <remarks>Its lag policy is for those who subscribe to <see cref="NatsEventStream{T}.Events"/>; <c>From</c>, <c>ReadAllAsync</c> and <c>ToProjection</c>
    /// leave nothing out. An observer with <see cref="LagPolicy.Wait"/> makes this process read no faster than it takes events; other processes do not notice.</remarks>
    public EventStreamOptions Local
    {
        get => _local;
        init => _local = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>How long a publication may take, waiting and retrying included. Default: 30 seconds.</summary>
    /// <remarks>It must not be longer than the stream's duplicate window, since a retry after it would store the event twice.</remarks>
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

    /// <summary>The most events that are sent and not yet answered, at least 1. Default: 512.</summary>
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

    /// <summary>The most events that the server sends ahead of those handled, at least 1. Default: 1,000.</summary>
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

    /// <summary>What is told of an event that cannot be read, which then is skipped. Default: null, the stream ends with the error.</summary>
    public Action<UnreadableEventException>? SkipUnreadable { get; init; }

    internal INatsSerializer<T> Serializer { get; }
}

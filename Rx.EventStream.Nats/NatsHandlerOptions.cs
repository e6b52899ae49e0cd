namespace Rx.Nats;

/// <summary>How a <see cref="NatsEventStream{T}"/> calls a handler.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks><b>Concurrency.</b> Immutable; may be shared and used from any thread.</remarks>
public sealed class NatsHandlerOptions<T>
{
    /// <summary>The handler's name, which is also the name of its checkpoint. Letters, digits, <c>-</c> and <c>_</c> only.</summary>
    /// <exception cref="ArgumentException">The value is empty or contains another character.</exception>
    public required string Name
    {
        get;
        init
        {
            Handling.Names.ThrowIfInvalid(value, nameof(Name));
            field = value;
        }
    }

    /// <summary>Where the handler's checkpoints are kept.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public required ICheckpointStore Checkpoints
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Checkpoints));
    }

    /// <summary>Where the handler starts the first time, when it has no checkpoint. The default is <see cref="NatsStart.Oldest"/>.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    /// <exception cref="ArgumentException">The value is <see cref="NatsStart.LastPerSubject"/>, which is no place to continue from.</exception>
    public NatsStart Start
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value, nameof(Start));
            if (ReferenceEquals(value, NatsStart.LastPerSubject))
            {
                throw new ArgumentException(
                    "A handler cannot start with NatsStart.LastPerSubject: a checkpoint is a place in the stream. Use Oldest, Now, At or Since.", nameof(Start));
            }

            field = value;
        }
    }

        = NatsStart.Oldest;

    /// <summary>The longest time between two saves of a checkpoint while events are handled. The default is 1 second. With <see cref="TimeSpan.Zero"/> it
    /// is saved after each call, before the next one begins.</summary>
    /// <remarks>If the process is killed, the events that were handled after the last save are handled again.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or greater than an hour.</exception>
    public TimeSpan SaveInterval
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero, nameof(SaveInterval));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromHours(1), nameof(SaveInterval));
            field = value;
        }
    }

        = TimeSpan.FromSeconds(1);

    /// <summary>How many calls of the handler may run at the same time, in each partition; at least 1, which is the default: one call at a time, in
    /// order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxConcurrency
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxConcurrency));
            field = value;
        }
    }

        = 1;

    /// <summary>The key of an event. Calls for events of one key never overlap, and come in order. Null, the default, is the event's subject with
    /// <see cref="Partitions"/>, and otherwise no key.</summary>
    /// <remarks>It must give the same key for an event in all instances. It is called for each event, on the thread that reads. What it throws ends the
    /// handler, and so does a null.</remarks>
    public Func<NatsEvent<T>, string>? PartitionKey { get; init; }

    /// <summary>How many events are read ahead of the handler, in each partition; at least 1. The default is 256.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxPending
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxPending));
            field = value;
        }
    }

        = 256;

    /// <summary>Called when the handler throws; the next event follows. Null, the default: the exception ends the handler, unless there is a
    /// <see cref="DeadLetterSubject"/>.</summary>
    /// <remarks>If it throws, the handler ends with that exception.</remarks>
    public Action<NatsEventFault<T>>? ReportFault { get; init; }

    /// <summary>The subject for events that the handler throws for and events that cannot be read, or null. Such an event is stored there, with its headers
    /// and the reason, and the next event follows.</summary>
    /// <remarks>A stream must store the subject. If that is the stream that the handler reads, its filter must leave the subject out.</remarks>
    public string? DeadLetterSubject { get; init; }

    /// <summary>How several instances share the handler. Null, the default: one instance handles all events.</summary>
    public NatsPartitions? Partitions { get; init; }

    /// <summary>Whether events have keys.</summary>
    internal bool HasKey => PartitionKey is not null || Partitions is not null;

    /// <summary>The key of an event, or null if events have none. An event that cannot be read has no value for a key, and goes by its subject.</summary>
    /// <exception cref="InvalidOperationException">The key is null.</exception>
    internal string? KeyOf(NatsEvent<T> e) => !HasKey ? null
        : PartitionKey is not { } key || e.Unreadable is not null ? e.Subject
        : key(e) ?? throw new InvalidOperationException($"PartitionKey of handler '{Name}' has returned null for event {e.Sequence}.");
}

namespace Rx.Nats;

/// <summary>What happened to a key of a bucket.</summary>
public enum NatsKeyValueChangeKind
{
    /// <summary>The key got a value.</summary>
    Put,

    /// <summary>The key was deleted. Its earlier values stay in the bucket's history.</summary>
    Delete,

    /// <summary>The key was deleted together with its history, or was found to be gone after an outage.</summary>
    Purge,
}

namespace Rx.Nats;

/// <summary>A checkpoint cannot be saved because another owner has opened it.</summary>
/// <remarks>
/// A handler ends with this exception when the same handler runs a second time, for example in another process. With
/// <see cref="NatsHandlerOptions{T}.Partitions"/>, several processes can share a handler.
/// <para><b>Concurrency.</b> Immutable; can be used from any thread.</para>
/// </remarks>
public sealed class CheckpointLostException : NatsEventStreamException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="name">The checkpoint's name.</param>
    public CheckpointLostException(string name)
        : base($"Checkpoint '{name}' has another owner, or was deleted: the same handler may run a second time, here or in another process. Nothing was saved.") => Name = name;

    /// <summary>The checkpoint's name.</summary>
    public string Name { get; }
}

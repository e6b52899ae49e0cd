namespace Rx.Nats;

/// <summary>The server, or its stream, cannot do what was asked of it, and asking again would not help.</summary>
/// <remarks>
/// Such as a server that cannot be reached when a stream is opened, a stream that is missing or has other subjects, a permission that
/// is lacking, or an event that is too large. The message says which; it holds no credentials.
/// <para><b>Concurrency.</b> Immutable; may be used from any thread.</para>
/// </remarks>
public sealed class NatsEventStreamException : Exception
{
    internal NatsEventStreamException(string message, Exception? error = null)
        : base(message, error)
    {
    }
}

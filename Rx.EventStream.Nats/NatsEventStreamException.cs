namespace Rx.Nats;

/// <summary>A stream that many machines share cannot be opened, read or published to. The base of all exceptions that this package defines.</summary>
/// <remarks>
/// The exception itself is thrown when the server, the stream on it or the connection cannot do what the call asks for, and a retry would not
/// help: the server cannot be reached while a stream is opened, the stream is missing or does not store the subject, a permission is missing, an
/// event is too large, or the connection is closed. The message says which. It never contains credentials.
/// <para>The derived exceptions tell the cases that a program can act on: <see cref="EventStreamGapException"/>,
/// <see cref="UnreadableEventException"/>, <see cref="WrongSequenceException"/> and <see cref="NatsPublishException"/>. Catch them before
/// this one. No type outside this package can derive from it.</para>
/// <para><b>Concurrency.</b> Immutable; can be used from any thread.</para>
/// </remarks>
public class NatsEventStreamException : Exception
{
    internal NatsEventStreamException(string message, Exception? error = null)
        : base(message, error)
    {
    }
}

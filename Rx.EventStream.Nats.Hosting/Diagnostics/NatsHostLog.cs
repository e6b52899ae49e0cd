using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Rx.Nats.Hosting.Diagnostics;

/// <summary>What is logged of a stream's handlers. The category and the numbers are shared with <c>Rx.EventStream.Hosting</c>, which has those up to 10.</summary>
internal sealed partial class NatsHostLog
{
    private const string Category = "Rx.EventStream";

    private readonly ILogger _logger;
    private readonly string _stream;

    private NatsHostLog(ILogger logger, string stream)
    {
        _logger = logger;
        _stream = stream;
    }

    internal static NatsHostLog For(IServiceProvider services, string stream) =>
        new((services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger(Category), stream);

    /// <summary>A handler has thrown, or could not read an event, and goes on.</summary>
    internal void FaultKept(string handler, long sequence, string? deadLetterSubject, Exception error)
    {
        if (deadLetterSubject is null)
        {
            Faulted(handler, sequence, _stream, error);
        }
        else
        {
            DeadLetterStored(handler, sequence, _stream, deadLetterSubject, error);
        }
    }

    /// <summary>A handler has ended with an exception before an event, or, with 0, before its first one.</summary>
    internal void Ended(string handler, long sequence, Exception error)
    {
        if (sequence > 0)
        {
            Ended(handler, _stream, sequence, error);
        }
        else
        {
            EndedAtOnce(handler, _stream, error);
        }
    }

    /// <summary>The host's time was over while a call ran.</summary>
    internal void NotHandled(string handler, long sequence) => NotHandled(handler, sequence, _stream);

    /// <summary>A handler was stopped.</summary>
    internal void Stopped(string handler, long handled) => Stopped(handler, _stream, handled);

    [LoggerMessage(11, LogLevel.Error, "The handler {Handler} has failed to handle event {Sequence} of the stream {Stream}. It continues with the next event.")]
    private partial void Faulted(string handler, long sequence, string stream, Exception error);

    [LoggerMessage(12, LogLevel.Error, "The handler {Handler} has failed to handle event {Sequence} of the stream {Stream}. The event is stored as a dead letter with the subject {Subject}, and the handler continues with the next event.")]
    private partial void DeadLetterStored(string handler, long sequence, string stream, string subject, Exception error);

    [LoggerMessage(13, LogLevel.Critical, "The handler {Handler} of the stream {Stream} has ended with an exception before event {Sequence}. It handles no more events until the next start.")]
    private partial void Ended(string handler, string stream, long sequence, Exception error);

    [LoggerMessage(16, LogLevel.Critical, "The handler {Handler} of the stream {Stream} has ended with an exception before its first event. It handles no events until the next start.")]
    private partial void EndedAtOnce(string handler, string stream, Exception error);

    [LoggerMessage(14, LogLevel.Warning, "The call of the handler {Handler} for event {Sequence} of the stream {Stream} was canceled. The event is handled again later.")]
    private partial void NotHandled(string handler, long sequence, string stream);

    [LoggerMessage(15, LogLevel.Information, "The handler {Handler} of the stream {Stream} has stopped. It has handled {Handled} events.")]
    private partial void Stopped(string handler, string stream, long handled);
}

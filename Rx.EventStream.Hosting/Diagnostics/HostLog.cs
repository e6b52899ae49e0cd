using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Rx.Hosting.Diagnostics;

/// <summary>What is logged of a stream.</summary>
internal sealed partial class HostLog
{
    internal const string Category = "Rx.EventStream";

    private readonly ILogger _logger;
    private readonly string _stream;

    private HostLog(ILogger logger, string stream)
    {
        _logger = logger;
        _stream = stream;
    }

    internal static HostLog For(IServiceProvider services, string stream) =>
        new((services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger(Category), stream);

    /// <summary>A handler has thrown.</summary>
    internal void Faulted(string handler, long sequence, Exception error) => Faulted(handler, sequence, _stream, error);

    /// <summary>A handler of batches has thrown.</summary>
    internal void BatchFaulted(string handler, int count, long sequence, Exception error) => BatchFaulted(handler, count, sequence, _stream, error);

    /// <summary>A subscriber has lost events.</summary>
    internal void Dropped(string subscriber, long count, long total) => Dropped(subscriber, count, _stream, total);

    /// <summary>A subscriber has ended with an exception.</summary>
    internal void Failed(string subscriber, long sequence, Exception error) => Failed(subscriber, _stream, sequence, error);

    /// <summary>The host's time was over before a handler had handled all events.</summary>
    internal void NotHandled(string handler, long count, long sequence) => NotHandled(handler, count, _stream, sequence);

    /// <summary>All handlers have handled all events.</summary>
    internal void Stopped(long published) => Stopped(_stream, published);

    /// <summary>An observer has thrown when the host has completed the stream.</summary>
    internal void EndThrown(Exception error) => EndThrown(_stream, error);

    [LoggerMessage(1, LogLevel.Error, "The handler {Handler} has failed to handle event {Sequence} of the stream {Stream}. It continues with the next event.")]
    private partial void Faulted(string handler, long sequence, string stream, Exception error);

    [LoggerMessage(2, LogLevel.Warning, "The subscriber {Subscriber} has lost {Count} events of the stream {Stream}, since it lags. It has lost {Total} in all.")]
    private partial void Dropped(string subscriber, long count, string stream, long total);

    [LoggerMessage(3, LogLevel.Error, "The subscriber {Subscriber} of the stream {Stream} has ended with an exception before event {Sequence}.")]
    private partial void Failed(string subscriber, string stream, long sequence, Exception error);

    [LoggerMessage(4, LogLevel.Error, "The handler {Handler} has not handled {Count} events of the stream {Stream}. The first one has the sequence number {Sequence}.")]
    private partial void NotHandled(string handler, long count, string stream, long sequence);

    [LoggerMessage(5, LogLevel.Information, "The stream {Stream} has stopped. Its handlers are done with all {Published} events.")]
    private partial void Stopped(string stream, long published);

    [LoggerMessage(6, LogLevel.Error, "An observer of the stream {Stream} has thrown an exception at the end of the stream.")]
    private partial void EndThrown(string stream, Exception error);

    [LoggerMessage(7, LogLevel.Error, "The handler {Handler} has failed to handle {Count} events of the stream {Stream}, from {Sequence} on. It continues with the next batch.")]
    private partial void BatchFaulted(string handler, int count, long sequence, string stream, Exception error);
}

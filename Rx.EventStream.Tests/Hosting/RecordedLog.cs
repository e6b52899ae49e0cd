using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Rx.Tests.Hosting;

/// <summary>What was logged of streams.</summary>
internal sealed class RecordedLog(string category = "Rx.EventStream") : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<Entry> _entries = [];

    public IReadOnlyList<Entry> Entries => [.. _entries];

    public IEnumerable<string> Messages(int id) => Entries.Where(entry => entry.Id == id).Select(entry => entry.Message);

    ILogger ILoggerProvider.CreateLogger(string categoryName) =>
        categoryName == category ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _entries.Enqueue(new Entry(eventId.Id, logLevel, formatter(state, exception), exception));

    void IDisposable.Dispose()
    {
    }

    public sealed record Entry(int Id, LogLevel Level, string Message, Exception? Exception);
}

using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Rx.AspNetCore.ServerSentEvents;

/// <summary>Writes the text of a response, as the HTML standard's section on server-sent events says.</summary>
/// <remarks><b>Concurrency.</b> One owner at a time.</remarks>
internal sealed class SseWriter(PipeWriter output, EventIds ids)
{
    private static readonly SearchValues<byte> _lineBreaks = SearchValues.Create("\r\n"u8);

    /// <summary>How many bytes were written since the last flush has ended.</summary>
    internal int UnflushedBytes { get; private set; }

    /// <summary>The sequence number of the last id, which is the one that the client will send to resume.</summary>
    internal long LastId { get; private set; } = long.MinValue;

    /// <summary>An event.</summary>
    /// <param name="name">Its name, or null or empty for none.</param>
    /// <param name="data">Its data, not empty: browsers raise no event without data.</param>
    /// <param name="id">The sequence number for its id, or null if the client is to keep the one before.</param>
    internal void WriteEvent(string? name, ReadOnlySpan<byte> data, long? id)
    {
        if (!string.IsNullOrEmpty(name))
        {
            WriteName(name);
        }

        WriteData(data);
        if (id is { } sequence)
        {
            WriteIdField(sequence);
        }

        Write("\n"u8);
    }

    /// <summary>An id without an event: the client remembers it, and raises nothing.</summary>
    internal void WriteId(long sequence)
    {
        WriteIdField(sequence);
        Write("\n"u8);
    }

    /// <summary>A line that clients ignore, and a new id if there is one.</summary>
    internal void WriteHeartbeat(long id)
    {
        Write(":\n"u8);
        if (id != LastId)
        {
            WriteIdField(id);
        }

        Write("\n"u8);
    }

    internal void WriteReconnectionInterval(TimeSpan interval)
    {
        Write("retry: "u8);
        Write(Encoding.ASCII.GetBytes(((long)interval.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)));
        Write("\n\n"u8);
    }

    /// <summary>Sends what was written, and waits while the connection is full; false if the client is gone.</summary>
    internal async ValueTask<bool> TryFlushAsync(CancellationToken cancellationToken)
    {
        FlushResult result = await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (result.IsCanceled || result.IsCompleted)
        {
            return false;
        }

        UnflushedBytes = 0;
        return true;
    }

    private void WriteName(string name)
    {
        if (name.AsSpan().ContainsAny('\r', '\n'))
        {
            throw new InvalidOperationException("The name of an event has a line break. EventName must return a name without, or null.");
        }

        Write("event: "u8);
        Write(Encoding.UTF8.GetBytes(name));
        Write("\n"u8);
    }

    /// <summary>Each line of the data has a field of its own.</summary>
    private void WriteData(ReadOnlySpan<byte> data)
    {
        while (data.IndexOfAny(_lineBreaks) is >= 0 and var length)
        {
            WriteDataLine(data[..length]);
            data = data[(length + (data[length..].StartsWith("\r\n"u8) ? 2 : 1))..];
        }

        WriteDataLine(data);
    }

    private void WriteDataLine(ReadOnlySpan<byte> line)
    {
        Write("data: "u8);
        Write(line);
        Write("\n"u8);
    }

    private void WriteIdField(long sequence)
    {
        Span<byte> id = stackalloc byte[EventIds.MaxLength];
        Write("id: "u8);
        Write(id[..ids.Format(sequence, id)]);
        Write("\n"u8);
        LastId = sequence;
    }

    private void Write(ReadOnlySpan<byte> text)
    {
        output.Write(text);
        UnflushedBytes += text.Length;
    }
}

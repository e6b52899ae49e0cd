using System.Text.Json;

namespace Rx.Samples.Pulse;

/// <summary>Writes each event to a file as a line of JSON. It simulates a busy disk: after every few hundred lines it pauses for a second,
/// so its subscriber falls behind, catches up, and falls behind again.</summary>
/// <remarks>One handler writes the journal, one line at a time. Then it is closed and read back.</remarks>
internal sealed class Journal : IDisposable
{
    private const int LinesBetweenPauses = 500;

    /// <summary>Each flush changes the file, which publishes an event and so adds a line.</summary>
    private const int LinesBetweenFlushes = 12;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private readonly StreamWriter _file;
    private readonly TaskCompletionSource _skipPauses = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _next;

    public Journal(string path)
    {
        Path = path;
        _file = File.CreateText(path);
    }

    public string Path { get; }

    /// <summary>The fingerprint of the events that were written.</summary>
    public Fingerprint Written { get; } = new();

    public async ValueTask AppendAsync(PulseEvent value)
    {
        await _file.WriteLineAsync(JsonSerializer.Serialize(new JournalLine(_next++, value), PulseJson.Default.JournalLine));
        Written.Add(value);
        if (_next % LinesBetweenFlushes == 0)
        {
            await _file.FlushAsync();
        }

        if (_next % LinesBetweenPauses == 0)
        {
            // Its events wait in the stream during the pause, and no thread does.
            await Task.WhenAny(Task.Delay(_pause), _skipPauses.Task);
        }
    }

    /// <summary>Ends the pauses. Thread-safe.</summary>
    public void SkipPauses() => _skipPauses.TrySetResult();

    public void Dispose() => _file.Dispose();

    /// <summary>Reads the closed file back.</summary>
    /// <exception cref="InvalidDataException">A line does not have the next sequence number.</exception>
    public Fingerprint ReadBack()
    {
        var read = new Fingerprint();
        foreach (string text in File.ReadLines(Path))
        {
            JournalLine line = JsonSerializer.Deserialize(text, PulseJson.Default.JournalLine)!;
            if (line.Sequence != read.Count)
            {
                throw new InvalidDataException($"line {read.Count + 1} has sequence number {line.Sequence}");
            }

            read.Add(line.Event);
        }

        return read;
    }
}

using System.Text.Json;

namespace Rx.Samples.Pulse;

/// <summary>Writes each event to a file as a line of JSON. It simulates a busy disk: after every few hundred lines it pauses for a second,
/// so its subscriber falls behind, catches up, and falls behind again.</summary>
/// <remarks>One subscriber writes the journal. Then it is closed and read back.</remarks>
internal sealed class Journal : IDisposable
{
    private const int LinesBetweenPauses = 500;

    /// <summary>Each flush changes the file, which publishes an event and so adds a line.</summary>
    private const int LinesBetweenFlushes = 12;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private readonly StreamWriter _file;
    private readonly ManualResetEventSlim _skipPauses = new();
    private long _next;

    public Journal(string path)
    {
        Path = path;
        _file = File.CreateText(path);
    }

    public string Path { get; }

    /// <summary>The fingerprint of the events that were written.</summary>
    public Fingerprint Written { get; } = new();

    public void Append(PulseEvent value)
    {
        _file.WriteLine(JsonSerializer.Serialize(new JournalLine(_next++, value), PulseJson.Default.JournalLine));
        Written.Add(value);
        if (_next % LinesBetweenFlushes == 0)
        {
            _file.Flush();
        }

        if (_next % LinesBetweenPauses == 0)
        {
            // Really blocks the thread. It must not delay any other subscriber.
            _skipPauses.Wait(_pause);
        }
    }

    /// <summary>Ends the pauses. Thread-safe.</summary>
    public void SkipPauses() => _skipPauses.Set();

    public void Dispose()
    {
        _file.Dispose();
        _skipPauses.Dispose();
    }

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

using System.Text.Json;

namespace Rx.Samples.Pulse;

/// <summary>Writes each event to a file as a line of JSON, as a busy disk would: after every few hundred lines it rests for a
/// second, so that it falls behind, catches up, and falls behind again.</summary>
/// <remarks>Written by one subscriber, then closed, then read back.</remarks>
internal sealed class Journal : IDisposable
{
    private const int LinesBetweenRests = 500;

    /// <summary>Each flush changes the file, which is an event too, and one more line.</summary>
    private const int LinesBetweenFlushes = 12;

    private static readonly TimeSpan _rest = TimeSpan.FromSeconds(1);

    private readonly StreamWriter _file;
    private readonly ManualResetEventSlim _hurry = new();
    private long _next;

    public Journal(string path)
    {
        Path = path;
        _file = File.CreateText(path);
    }

    public string Path { get; }

    /// <summary>What it was told to write.</summary>
    public Fingerprint Told { get; } = new();

    public void Append(PulseEvent value)
    {
        _file.WriteLine(JsonSerializer.Serialize(new JournalLine(_next++, value), PulseJson.Default.JournalLine));
        Told.Add(value);
        if (_next % LinesBetweenFlushes == 0)
        {
            _file.Flush();
        }

        if (_next % LinesBetweenRests == 0)
        {
            // Really blocks the thread: nobody but this subscriber is to notice.
            _hurry.Wait(_rest);
        }
    }

    /// <summary>No more rests. Any thread may call it.</summary>
    public void Hurry() => _hurry.Set();

    public void Dispose()
    {
        _file.Dispose();
        _hurry.Dispose();
    }

    /// <summary>Reads the closed file again; throws if a line is not the next one of its sequence.</summary>
    public Fingerprint ReadBack()
    {
        var read = new Fingerprint();
        foreach (string text in File.ReadLines(Path))
        {
            JournalLine line = JsonSerializer.Deserialize(text, PulseJson.Default.JournalLine)!;
            if (line.Sequence != read.Count)
            {
                throw new InvalidDataException($"line {read.Count + 1} has sequence {line.Sequence}");
            }

            read.Add(line.Event);
        }

        return read;
    }
}

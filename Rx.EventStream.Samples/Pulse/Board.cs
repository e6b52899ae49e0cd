using System.Collections.Concurrent;

namespace Rx.Samples.Pulse;

/// <summary>The newest event of each name. Written by one subscriber, read by the view.</summary>
internal sealed class Board
{
    private readonly ConcurrentDictionary<string, PulseEvent> _newest = new();

    public void Show(PulseEvent value) => _newest[value.Name] = value;

    public PulseEvent? Find(string name) => _newest.GetValueOrDefault(name);

    public string Format(string name) => Find(name) is { } newest ? Measure.Find(name)!.Format(newest.Value) : "-";
}

using System.Collections.Concurrent;

namespace Rx.Samples.Pulse;

/// <summary>The newest event of each measure. Written by one subscriber, read by the view.</summary>
internal sealed class LatestValues
{
    private readonly ConcurrentDictionary<string, PulseEvent> _newest = new();

    public void Update(PulseEvent value) => _newest[value.Name] = value;

    public PulseEvent? Find(string name) => _newest.GetValueOrDefault(name);

    public string Format(string name) => Find(name) is { } newest ? Measure.Find(name)!.Format(newest.Value) : "-";
}

using System.Diagnostics.Metrics;

namespace Rx.Diagnostics;

/// <summary>The meter <c>Rx.EventStream</c>: figures of all streams that have a name, under the tag <c>stream</c>.</summary>
/// <remarks>Every instrument is observed: figures are taken when a listener asks, and cost nothing before.</remarks>
internal static class StreamMeter
{
    internal const string MeterName = "Rx.EventStream";

    private static readonly Meter _meter = new(MeterName);
    private static readonly Lock _gate = new();

    /// <summary>The named streams; read and written under the lock. Weak: being measured keeps no stream alive.</summary>
    private static readonly List<(string Name, WeakReference<IMeteredStream> Stream)> _streams = [];

    static StreamMeter()
    {
        _meter.CreateObservableCounter(
            "rx.eventstream.published", () => Measure(f => f.Published), "{event}", "Events published.");
        _meter.CreateObservableCounter(
            "rx.eventstream.delivered", () => Measure(f => f.Delivered), "{event}", "Events delivered, summed over subscribers.");
        _meter.CreateObservableCounter(
            "rx.eventstream.dropped", () => Measure(f => f.Dropped), "{event}", "Events that subscribers missed because they lagged too far.");
        _meter.CreateObservableUpDownCounter(
            "rx.eventstream.subscribers", () => Measure(f => f.Subscribers), "{subscriber}", "Observers subscribed.");
        _meter.CreateObservableGauge(
            "rx.eventstream.lag", () => Measure(f => f.GreatestLag), "{event}", "The lag of the slowest subscriber.");
        _meter.CreateObservableUpDownCounter(
            "rx.eventstream.retained", () => Measure(f => f.RetainedEvents), "{event}", "Events that a late subscriber can replay.");
        _meter.CreateObservableUpDownCounter(
            "rx.eventstream.segments", () => Measure(f => f.Segments), "{segment}", "Segments in memory.");
    }

    internal static void Register(string name, IMeteredStream stream)
    {
        lock (_gate)
        {
            // Where many streams come and go unobserved, the dead are dropped as the list grows.
            if (_streams.Count == _streams.Capacity)
            {
                RemoveDead();
            }

            _streams.Add((name, new WeakReference<IMeteredStream>(stream)));
        }
    }

    private static List<Measurement<long>> Measure(Func<StreamFigures, long> figure)
    {
        (string Name, WeakReference<IMeteredStream> Stream)[] streams;
        lock (_gate)
        {
            RemoveDead();
            streams = [.. _streams];
        }

        var figures = new SortedDictionary<string, StreamFigures>(StringComparer.Ordinal);
        foreach ((string name, WeakReference<IMeteredStream> reference) in streams)
        {
            if (reference.TryGetTarget(out IMeteredStream? stream))
            {
                figures[name] = figures.GetValueOrDefault(name).Plus(stream.Figures);
            }
        }

        return [.. figures.Select(f => new Measurement<long>(figure(f.Value), new KeyValuePair<string, object?>("stream", f.Key)))];
    }

    private static void RemoveDead() => _streams.RemoveAll(static s => !s.Stream.TryGetTarget(out _));
}

using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Rx.Diagnostics;

/// <summary>The meter <c>Rx.EventStream</c>: figures of all streams that have a name, under the tag <c>stream</c>.</summary>
/// <remarks>Every instrument is observed: figures are taken when a listener asks, and cost nothing before. Counters include the streams that
/// were collected; the other instruments do not.</remarks>
internal static class StreamMeter
{
    internal const string MeterName = "Rx.EventStream";

    private static readonly Meter _meter = new(MeterName);

    private static readonly ConcurrentDictionary<string, MeteredName> _names = new(StringComparer.Ordinal);

    static StreamMeter()
    {
        _meter.CreateObservableCounter(
            "rx.eventstream.published", () => Count(t => t.Published), "{event}", "Events published.");
        _meter.CreateObservableCounter(
            "rx.eventstream.delivered", () => Count(t => t.Delivered), "{event}", "Events delivered, summed over subscribers.");
        _meter.CreateObservableCounter(
            "rx.eventstream.dropped", () => Count(t => t.Dropped), "{event}", "Events that subscribers skipped because they lagged too far.");
        _meter.CreateObservableCounter(
            "rx.eventstream.failed", () => Count(t => t.Failed), "{subscriber}", "Subscriptions that ended with an exception of their own.");
        _meter.CreateObservableCounter(
            "rx.eventstream.faults", () => Count(t => t.Faults), "{event}", "Events whose observer or handler threw, and that were reported as faults.");
        _meter.CreateObservableUpDownCounter(
            "rx.eventstream.subscribers", () => Measure(f => f.Subscribers), "{subscriber}", "Observers and readers.");
        _meter.CreateObservableGauge(
            "rx.eventstream.lag", () => Measure(f => f.GreatestLag), "{event}", "The lag of the slowest subscriber.");
        _meter.CreateObservableUpDownCounter(
            "rx.eventstream.retained", () => Measure(f => f.RetainedEvents), "{event}", "Events that a late subscriber can replay.");
        _meter.CreateObservableUpDownCounter(
            "rx.eventstream.segments", () => Measure(f => f.Segments), "{segment}", "Segments in memory.");
        _meter.CreateObservableGauge(
            "rx.eventstream.kept", MeasureKept, "{event}", "Events kept in memory, by the kind of holder. The kinds overlap.");
    }

    /// <summary>Measures a stream from now on; returns what the stream must refer to, and nothing else may.</summary>
    internal static object Register(string name, IMeteredStream stream) => _names.GetOrAdd(name, static _ => new MeteredName()).Add(stream);

    private static List<Measurement<long>> Count(Func<StreamTotals, long> total) =>
        [.. InOrder().Select(n => Tagged(total(n.Value.Totals), n.Key))];

    private static List<Measurement<long>> Measure(Func<StreamFigures, long> figure)
    {
        var measurements = new List<Measurement<long>>();
        foreach ((string name, MeteredName streams) in InOrder())
        {
            if (streams.Figures is { } figures)
            {
                measurements.Add(Tagged(figure(figures), name));
            }
        }

        return measurements;
    }

    private static List<Measurement<long>> MeasureKept()
    {
        var measurements = new List<Measurement<long>>();
        foreach ((string name, MeteredName streams) in InOrder())
        {
            if (streams.Figures is { Kept: var kept })
            {
                measurements.Add(Held(kept.ByRetention, name, "retention"));
                measurements.Add(Held(kept.ByObservers, name, "observer"));
                measurements.Add(Held(kept.ByReaders, name, "reader"));
                measurements.Add(Held(kept.ByPositions, name, "position"));
            }
        }

        return measurements;
    }

    private static Measurement<long> Held(long value, string name, string holder) =>
        new(value, new KeyValuePair<string, object?>("stream", name), new KeyValuePair<string, object?>("holder", holder));

    private static IEnumerable<KeyValuePair<string, MeteredName>> InOrder() => _names.OrderBy(static n => n.Key, StringComparer.Ordinal);

    private static Measurement<long> Tagged(long value, string name) => new(value, new KeyValuePair<string, object?>("stream", name));
}

using System.Diagnostics.Metrics;

namespace Rx.Samples.Pulse;

/// <summary>Publishes the values of the .NET runtime's own instruments: garbage collector, thread pool, processor time.</summary>
internal sealed class RuntimeProducer : SamplingProducer
{
    private readonly MeterListener _listener = new();

    /// <summary>The sums of the current sample: an instrument reports each generation or mode separately.</summary>
    private readonly Dictionary<string, double> _sums = [];
    private readonly Dictionary<string, RateWindow> _rates = [];

    public RuntimeProducer(IObserver<PulseEvent> stream)
        : base("runtime", TimeSpan.FromMilliseconds(40), stream)
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            // Only observable instruments: the others would call back on any thread.
            if (instrument is { Meter.Name: "System.Runtime", IsObservable: true } && Measure.Find(instrument.Name) is not null)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Add(instrument, value));
        _listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => Add(instrument, value));
        _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => Add(instrument, value));
        _listener.Start();
    }

    public override void Dispose()
    {
        base.Dispose();
        _listener.Dispose();
    }

    protected override void Sample()
    {
        _sums.Clear();
        _listener.RecordObservableInstruments();
        foreach ((string name, double sum) in _sums)
        {
            Measure measure = Measure.Find(name)!;
            Publish(name, measure.IsRate ? Rate(name, sum) * measure.Factor : sum * measure.Factor, measure.Unit);
        }
    }

    private void Add(Instrument instrument, double value) => _sums[instrument.Name] = _sums.GetValueOrDefault(instrument.Name) + value;

    private double Rate(string name, double total)
    {
        if (!_rates.TryGetValue(name, out RateWindow? window))
        {
            _rates[name] = window = new RateWindow();
        }

        return window.Add(total);
    }
}

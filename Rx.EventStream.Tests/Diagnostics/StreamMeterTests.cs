using System.Diagnostics.Metrics;
using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;

namespace Rx.Tests.Diagnostics;

public sealed class StreamMeterTests
{
    [Test]
    public void Measure_StreamWithObservers_ReportsTheFigures()
    {
        string name = NewName();
        var scheduler = new HistoricalScheduler();
        using var stream = new EventStream<int>(new EventStreamOptions { Name = name, Retention = Retention.Count(5) });
        stream.Subscribe(_ => { });
        stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.DropOldest(3)).Subscribe(new Recorded());
        stream.ObserveOn(scheduler).Subscribe(new Recorded());
        for (int i = 0; i < 10; i++)
        {
            stream.OnNext(i);
        }

        Dictionary<string, long> before = Measure(name);
        scheduler.Start();
        Dictionary<string, long> after = Measure(name);

        Assert.That(before, Is.EquivalentTo(new Dictionary<string, long>
        {
            ["rx.eventstream.published"] = 10,
            ["rx.eventstream.delivered"] = 10,
            ["rx.eventstream.dropped"] = 0,
            ["rx.eventstream.subscribers"] = 3,
            ["rx.eventstream.lag"] = 10,
            ["rx.eventstream.retained"] = 5,
            ["rx.eventstream.segments"] = 1,
        }));
        Assert.That(after["rx.eventstream.delivered"], Is.EqualTo(10 + 3 + 10));
        Assert.That(after["rx.eventstream.dropped"], Is.EqualTo(7));
        Assert.That(after["rx.eventstream.lag"], Is.Zero);
    }

    [Test]
    public void Measure_SubscriptionDisposed_KeepsItsCount()
    {
        string name = NewName();
        using var stream = new EventStream<int>(new EventStreamOptions { Name = name });
        IDisposable subscription = stream.Subscribe(_ => { });
        stream.OnNext(1);
        subscription.Dispose();

        Dictionary<string, long> figures = Measure(name);

        Assert.That(figures["rx.eventstream.delivered"], Is.EqualTo(1));
        Assert.That(figures["rx.eventstream.subscribers"], Is.Zero);
    }

    [Test]
    public void Measure_TwoStreamsWithOneName_AreSummed()
    {
        string name = NewName();
        using var first = new EventStream<int>(new EventStreamOptions { Name = name });
        using var second = new EventStream<string>(new EventStreamOptions { Name = name });
        first.OnNext(1);
        second.OnNext("a");

        Assert.That(Measure(name)["rx.eventstream.published"], Is.EqualTo(2));
    }

    [Test]
    public void Register_StreamDropped_IsCollectable()
    {
        WeakReference stream = Forget(NewName());

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.That(stream.IsAlive, Is.False);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Forget(string name) => new(new EventStream<int>(new EventStreamOptions { Name = name }));
    }

    private static string NewName() => TestContext.CurrentContext.Test.ID + Guid.NewGuid();

    private static Dictionary<string, long> Measure(string name)
    {
        var figures = new Dictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == "Rx.EventStream")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (tag.Key == "stream" && Equals(tag.Value, name))
                {
                    figures.Add(instrument.Name, value);
                }
            }
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return figures;
    }

    private sealed class Recorded : IObserver<int>
    {
        public void OnNext(int value)
        {
        }

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }
}

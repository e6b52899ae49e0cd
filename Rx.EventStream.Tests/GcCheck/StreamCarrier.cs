using System.Reactive.Concurrency;

namespace Rx.Tests.GcCheck;

internal sealed class StreamCarrier : Carrier, IObserver<Event>
{
    private readonly EventStream<Event> _stream = new();
    private readonly EventReader<Event>? _second;

    public StreamCarrier(bool isWithSecond)
    {
        _stream.ObserveOn(ThreadPoolScheduler.Instance).Subscribe(this);
        _second = isWithSecond ? _stream.AsObservable().OpenReader() : null;
    }

    protected override bool HasSecond => _second is not null;

    public void OnNext(Event value) => Consume(value);

    public void OnError(Exception error) => throw error;

    public void OnCompleted()
    {
    }

    protected override void Publish(Event value) => _stream.OnNext(value);

    protected override void Complete()
    {
        _stream.OnCompleted();
        _second?.Dispose();
    }

    protected override void ReadSecond() => _second!.TryRead(out _);
}

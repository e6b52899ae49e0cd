using System.Threading.Channels;

namespace Rx.Tests.GcCheck;

/// <summary>A channel for each consumer, as one would have it without a stream.</summary>
internal sealed class ChannelCarrier : Carrier
{
    private readonly Channel<Event> _channel = NewChannel();
    private readonly Channel<Event>? _second;

    public ChannelCarrier(bool isWithSecond)
    {
        _second = isWithSecond ? NewChannel() : null;
        _ = Task.Run(ReadAsync);
    }

    protected override bool HasSecond => _second is not null;

    protected override void Publish(Event value)
    {
        _channel.Writer.TryWrite(value);
        _second?.Writer.TryWrite(value);
    }

    protected override void Complete()
    {
        _channel.Writer.Complete();
        _second?.Writer.Complete();
    }

    protected override void ReadSecond() => _second!.Reader.TryRead(out _);

    private static Channel<Event> NewChannel() => Channel.CreateUnbounded<Event>(new UnboundedChannelOptions { SingleReader = true });

    private async Task ReadAsync()
    {
        while (await _channel.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (_channel.Reader.TryRead(out Event? value))
            {
                Consume(value);
            }
        }
    }
}

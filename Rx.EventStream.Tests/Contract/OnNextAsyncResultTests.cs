namespace Rx.Tests.Contract;

[TestFixture]
internal sealed class OnNextAsyncResultTests
{
    [Test]
    public async Task OnNextAsync_Open_IsTheSequenceNumber([Values] bool singleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = singleWriter });
        stream.OnNext(7);

        Assert.That(await stream.OnNextAsync(8), Is.EqualTo(1));
    }

    [Test]
    public async Task OnNextAsync_Ended_IsMinusOne([Values] bool singleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = singleWriter });
        stream.OnCompleted();

        Assert.That(await stream.OnNextAsync(8), Is.EqualTo(-1));
    }

    [Test]
    public async Task OnNextAsync_EndsBeforeTheClaim_IsMinusOne([Values] bool singleWriter)
    {
        var clock = new Clock();
        using var stream = new EventStream<int>(new EventStreamOptions
        {
            SingleWriter = singleWriter,
            TimeProvider = clock,
            Retention = Retention.Time(TimeSpan.FromHours(1)),
        });
        stream.OnNext(0);
        clock.Asked = stream.OnCompleted; // a publisher reads the clock before it claims

        Assert.That(await stream.OnNextAsync(1), Is.EqualTo(-1));
        var observer = new RecordingObserver<int>();
        stream.Subscribe(observer);
        Assert.That(observer.Values, Is.EqualTo(new[] { 0 }));
    }

    private sealed class Clock : TimeProvider
    {
        public Action? Asked { get; set; }

        public override long GetTimestamp()
        {
            Action? asked = Asked;
            Asked = null;
            asked?.Invoke();
            return 0;
        }
    }
}

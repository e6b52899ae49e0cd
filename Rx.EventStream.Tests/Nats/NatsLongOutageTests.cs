using Rx.Nats;

namespace Rx.Tests.Nats;

/// <summary>An outage of realistic length. It runs in parallel with other tests, because it waits most of the time.</summary>
[Parallelizable]
internal sealed class NatsLongOutageTests : NatsFixture
{
    /// <summary>Longer than the server keeps a consumer without a reader, and longer than the publish timeout.</summary>
    private static readonly TimeSpan _outage = TimeSpan.FromSeconds(75);

    [Test]
    public async Task Stream_CutForOverAMinute_ReadsOnAndPublishingTimesOut()
    {
        TcpProxy proxy = OpenProxy();
        NatsEventStream<Reading> stream = await OpenAsync(Options(publishTimeout: TimeSpan.FromSeconds(60)), proxy.Url);
        Received received = Observe(stream.Events);
        await StoreAsync("a", 0, 10);
        received.WaitFor(10);

        proxy.Cut();
        Task<long> publishing = stream.PublishAsync(new Reading("b", 0));
        await StoreAsync("a", 10, 10);
        await Task.Delay(_outage);
        proxy.Mend();
        NatsPublishException error = (await Assert.ThrowsAsync<NatsPublishException>(() => publishing))!;
        long last = await stream.PublishAsync(new Reading("b", 1));
        received.WaitFor((int)last);

        Assert.That((error.Stored, error.NotStored + error.Unknown), Is.EqualTo((0, 1)));
        Assert.That(received.Sequences, Is.EqualTo(Enumerable.Range(1, (int)last)));
        Assert.That(received.Events.Where(e => e.Value.Source == "a").Select(e => e.Value.Number), Is.EqualTo(Enumerable.Range(0, 20)));

        // An event that was sent before the cut can be stored after it.
        Assert.That(received.Events.Count(e => e.Value == new Reading("b", 0)), Is.LessThanOrEqualTo(error.Unknown));
    }
}

using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

public sealed class WaitInsideReplayTests
{
    [Test]
    public void OnNext_InsideAReplayWithNoRoom_Throws()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.All });
        stream.OnNext(0);
        using EventReader<int> full = stream.AsObservable().WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        Exception? thrown = null;

        Task joined = Eventually.OnThread(() => stream.Subscribe(value =>
        {
            try
            {
                stream.OnNext(value + 1);
            }
            catch (InvalidOperationException error)
            {
                thrown = error;
            }
        }));

        Assert.That(joined.Wait(TimeSpan.FromSeconds(30)), Is.True, "OnNext returns instead of waiting for its own delivery.");
        Assert.That(thrown, Is.Not.Null);
    }

    [Test]
    public async Task OnNext_WaitReaderOpenedInsideDelivery_WaitsOnlyAfterIt([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        EventReader<int>? reader = null;
        using IDisposable subscription = stream.Subscribe(value =>
        {
            if (value == 0)
            {
                reader = stream.AsObservable().WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
                stream.OnNext(1);
                stream.OnNext(2); // beyond the reader's capacity; waiting here would be a deadlock
            }
        });

        await Eventually.Ends(Eventually.OnThread(() => stream.OnNext(0)));
        ValueTask<long> published = stream.OnNextAsync(3);

        Assert.That(published.IsCompleted, Is.False, "After the delivery, the publisher waits: the reader is 2 events behind.");
        Assert.That(reader!.TryRead(out _) && reader.TryRead(out _), Is.True);
        await Eventually.Ends(published.AsTask());
        reader.Dispose();
        Exception? thrown = await Assert.CatchAsync(() => Eventually.Ends(Eventually.OnThread(() => PublishFromInside(stream))));
        Assert.That(thrown, Is.InstanceOf<InvalidOperationException>(), "In a later delivery, OnNext throws instead of waiting.");
    }

    /// <summary>Publishes from inside a delivery while a reader has room for one event only.</summary>
    private static void PublishFromInside(EventStream<int> stream)
    {
        using EventReader<int> full = stream.AsObservable().WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        using IDisposable subscription = stream.Subscribe(value =>
        {
            if (value == 10)
            {
                stream.OnNext(11);
            }
        });
        stream.OnNext(10);
    }
}

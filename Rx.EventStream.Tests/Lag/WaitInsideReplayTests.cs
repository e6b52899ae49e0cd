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
    public async Task OnNext_GateOpenedInsideTheDelivery_DoesNotWaitForItself([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        EventReader<int>? reader = null;
        Exception? thrown = null;
        using IDisposable subscription = stream.Subscribe(value =>
        {
            if (value == 1)
            {
                // The delivery began before the gate was there.
                reader = stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
                stream.OnNext(2);
                thrown = Thrown.By(() => stream.OnNext(3));
            }
        });
        stream.OnNext(0);

        await Eventually.Ends(Eventually.OnThread(() => stream.OnNext(1)));
        ValueTask<long> published = stream.OnNextAsync(4);

        Assert.That(thrown, Is.InstanceOf<InvalidOperationException>());
        Assert.That(published.IsCompleted, Is.False, "The reader is full.");
        while (reader!.TryRead(out _))
        {
        }

        Assert.That(await published.AsTask().WaitAsync(TimeSpan.FromSeconds(30)), Is.EqualTo(3));
        reader.Dispose();
        thrown = await Assert.CatchAsync(() => Eventually.Ends(Eventually.OnThread(() => PublishFromInside(stream))));
        Assert.That(thrown, Is.InstanceOf<InvalidOperationException>());
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

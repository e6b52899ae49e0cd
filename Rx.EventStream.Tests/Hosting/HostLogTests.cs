using System.Reactive.Concurrency;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rx.Tests.Contract;

namespace Rx.Tests.Hosting;

/// <summary>What is logged while the host runs, in manual time.</summary>
internal sealed class HostLogTests
{
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(10);

    /// <summary>A look every 10 seconds, and one message for each subscriber that has lost events since.</summary>
    [Test]
    public async Task Drops_ManyInAShortTime_AreOneWarningWithTheirCount()
    {
        using TestHost host = await TestHost.StartAsync(services => services.AddEventStream<int>());
        using EventReader<int> a = host.Stream.WithName("a").WithLagPolicy(LagPolicy.DropOldest(2)).OpenReader();
        using EventReader<int> b = host.Stream.WithName("b").WithLagPolicy(LagPolicy.DropOldest(100)).OpenReader();
        using EventReader<int> c = host.Stream.WithLagPolicy(LagPolicy.DropOldest(12)).OpenReader();

        PublishAndRead(10, a, b, c);
        Assert.That(host.Log.Entries, Is.Empty, "No look yet.");
        Advance(host, expectedEntries: 1);
        PublishAndRead(5, a);
        PublishAndRead(20, a, c);
        host.Time.Advance(_look / 2);
        PublishAndRead(5, a);
        Advance(host, expectedEntries: 3);
        Advance(host, expectedEntries: 3);

        Assert.That(host.Log.Entries.Select(entry => (entry.Id, entry.Level)), Has.All.EqualTo((2, LogLevel.Warning)));
        Assert.That(host.Log.Messages(2), Is.EqualTo(new[]
        {
            "The subscriber a has lost 8 events of the stream Int32, since it lags. It has lost 8 in all.",
            "The subscriber a has lost 24 events of the stream Int32, since it lags. It has lost 32 in all.",
            "The subscriber (unnamed) has lost 13 events of the stream Int32, since it lags. It has lost 13 in all.",
        }));

        void PublishAndRead(int count, params EventReader<int>[] readers)
        {
            host.Stream.OnNextRange(new int[count]);
            foreach (EventReader<int> reader in readers)
            {
                while (reader.TryRead(out _))
                {
                }
            }
        }
    }

    /// <summary>Health checks and handlers that end look too, at any time.</summary>
    [Test]
    public async Task Drops_LooksInBetween_AddNoWarning()
    {
        using TestHost host = await TestHost.StartAsync(services => services.AddEventStream<int>());
        Rx.Hosting.Diagnostics.SubscriptionWatch watch = host.Get<Rx.Hosting.Running.HostedStream<int>>().Watch;
        using EventReader<int> reader = host.Stream.WithName("a").WithLagPolicy(LagPolicy.DropOldest(1)).OpenReader();
        for (int i = 0; i < 5; i++)
        {
            host.Stream.OnNextRange([1, 2]);
            Assert.That(reader.TryRead(out _), Is.True);
            watch.Look();
        }

        Assert.That(host.Log.Messages(2), Is.EqualTo(new[] { "The subscriber a has lost 1 events of the stream Int32, since it lags. It has lost 1 in all." }));
        host.Time.Advance(_look);
        watch.Look();

        Assert.That(host.Log.Messages(2).Skip(1), Is.EqualTo(new[] { "The subscriber a has lost 4 events of the stream Int32, since it lags. It has lost 5 in all." }));
    }

    [Test]
    public async Task Subscriber_EndsWithAnException_IsLogged()
    {
        using TestHost host = await TestHost.StartAsync(services => services.AddEventStream<int>());
        using EventReader<int> reader = host.Stream.WithName("client").WithLagPolicy(LagPolicy.Fail(2)).OpenReader();
        Look(host);
        host.Stream.OnNextRange([1, 2, 3]);
        await Assert.ThatAsync(() => reader.WaitToReadAsync().AsTask(), Throws.TypeOf<SubscriberLaggedException>());

        Advance(host, expectedEntries: 1);

        RecordedLog.Entry entry = host.Log.Entries.Single();
        Assert.That((entry.Id, entry.Level, entry.Message), Is.EqualTo(
            (3, LogLevel.Error, "The subscriber client of the stream Int32 has ended with an exception before event 0.")));
        Assert.That(entry.Exception, Is.TypeOf<SubscriberLaggedException>());
    }

    [Test]
    public async Task Subscriber_EndsWithoutAnException_IsNotLogged()
    {
        using TestHost host = await TestHost.StartAsync(services => services.AddEventStream<int>());
        using (host.Stream.ObserveOn(TaskPoolScheduler.Default).Subscribe(new RecordingObserver<int>()))
        {
            Look(host);
        }

        Look(host);
        Look(host);
        await host.StopAsync();

        Assert.That(host.Log.Entries.Select(entry => entry.Id), Is.EqualTo(new[] { 5 }));
    }

    /// <summary>A look of the host's timer, and its end.</summary>
    private static void Look(TestHost host)
    {
        host.Time.Advance(_look);
        host.Get<Rx.Hosting.Running.HostedStream<int>>().Watch.Look();
    }

    private static void Advance(TestHost host, int expectedEntries)
    {
        host.Time.Advance(_look);
        Eventually.IsTrue(() => host.Log.Entries.Count >= expectedEntries, "The host's timer looks.");
        Look(host); // had the timer more to say, so would this
        Assert.That(host.Log.Entries, Has.Count.EqualTo(expectedEntries));
    }
}

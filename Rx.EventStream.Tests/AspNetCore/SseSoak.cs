using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Rx.Tests.Contract;
using Rx.Tests.Soak;

namespace Rx.Tests.AspNetCore;

/// <summary>Many clients under load, which are cut at random and resume.</summary>
[TestFixture]
[Category("Soak")]
internal sealed class SseSoak
{
    private const int Run = 50;

    /// <summary>How far the publisher is ahead of the slowest client at most, so that the load suits the machine.</summary>
    private const int Ahead = 500;

    private static int ClientCount => SoakTime.PerTest > TimeSpan.FromSeconds(20) ? 1_000 : 25;

    [Test]
    public async Task Clients_CutAtRandom_HaveEveryEventOnce()
    {
        using var stream = new EventStream<long>(new EventStreamOptions { Retention = Retention.Count(10_000) });
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream("/", stream));
        Follower[] followers = [.. Enumerable.Range(0, ClientCount).Select(number => new Follower(number))];
        Task[] following = [.. followers.Select(follower => follower.FollowAsync(server))];
        Task all = Task.WhenAll(following);
        DateTime end = DateTime.UtcNow + SoakTime.PerTest;
        long published = 0;
        while (DateTime.UtcNow < end && !following.Any(task => task.IsFaulted))
        {
            if (followers.Min(follower => follower.Next) >= published - Ahead)
            {
                for (int i = 0; i < Run; i++)
                {
                    stream.OnNext(published++);
                }
            }

            await Task.Yield();
        }

        stream.OnCompleted();
        await all.WaitAsync(Eventually.Limit * 4);

        TestContext.Out.WriteLine($"{published} events, {ClientCount} clients, {followers.Sum(f => f.Cuts)} cuts");
        Assert.That(followers.Select(follower => follower.Next), Has.All.EqualTo(published));
        Assert.That(followers.Sum(follower => follower.Cuts), Is.GreaterThan(0));
        Eventually.IsTrue(() => stream.Subscriptions.Count == 0, "Every reader is freed.");
    }

    /// <summary>A client that asserts that each event is the next one.</summary>
    private sealed class Follower(int seed)
    {
        private readonly Random _random = new(seed);
        private string _lastId = "-1";

        /// <summary>Written by its task, read by the publisher.</summary>
        private long _next;

        public long Next => Volatile.Read(ref _next);

        public int Cuts { get; private set; }

        public async Task FollowAsync(SseServer server)
        {
            bool hasEnded = false;
            while (!hasEnded)
            {
                await using SseClient client = await server.ConnectAsync("/", _lastId);
                hasEnded = await ReadAsync(client, _random.Next(1, 400));
                Cuts += hasEnded ? 0 : 1;
            }
        }

        /// <summary>Reads some events; true if the stream has completed.</summary>
        private async Task<bool> ReadAsync(SseClient client, int count)
        {
            for (int i = 0; i < count; i++)
            {
                if (await client.ReadAsync() is not { } item)
                {
                    return false; // too slow
                }

                if (item.EventType == "completed")
                {
                    return true;
                }

                Assert.That($"{item.EventType} {item.Data}", Is.EqualTo(string.Create(CultureInfo.InvariantCulture, $"message {_next}")));
                _lastId = item.EventId!;
                Volatile.Write(ref _next, _next + 1);
            }

            return false;
        }
    }
}

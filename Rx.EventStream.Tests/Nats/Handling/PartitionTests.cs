using System.Collections.Concurrent;
using NATS.Client.KeyValueStore;
using Rx.Nats;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats.Handling;

/// <summary>Several instances of one handler, each with a connection of its own, on one server.</summary>
internal sealed class PartitionTests : HandlerFixture
{
    private static readonly NatsPartitions _partitions = new() { Count = 12, LeaseDuration = TimeSpan.FromSeconds(2) };

    /// <summary>What the instances have handled, in the order of the calls' ends.</summary>
    private readonly ConcurrentQueue<(int Instance, Reading Reading)> _handled = new();

    [SetUp]
    public void Forget() => _handled.Clear();

    [Test]
    public async Task Partitions_ThreeInstances_ShareEvenlyAndKeepOrder()
    {
        NatsSubscription[] instances = [await StartAsync(0), await StartAsync(1), await StartAsync(2)];
        await Becomes(() => instances.All(instance => instance.Partitions.Count == 4));
        NatsEventStream<Reading> publisher = await OpenAsync();
        await publisher.PublishAllAsync(Enumerable.Range(0, 3000).Select(i => new Reading($"k{i % 50}", i)));

        await Task.WhenAll(instances.Select(instance => Eventually.Ends(instance.WhenCaughtUpAsync())));

        Assert.That(instances.SelectMany(instance => instance.Partitions), Is.EquivalentTo(Enumerable.Range(0, 12)));
        Assert.That(_handled.Select(e => e.Reading.Number).Order(), Is.EqualTo(Enumerable.Range(0, 3000)), "each event once");
        AssertOrder();
        Assert.That(_handled.GroupBy(e => e.Reading.Source).Select(key => key.Select(e => e.Instance).Distinct().Count()), Is.All.EqualTo(1));
        Assert.That(await ConsumersAsync(), Has.Length.LessThanOrEqualTo(3 * 2 + 1), "one for each handler, and one for each stream");
    }

    [Test]
    public async Task Partitions_InstancesComeAndGo_EachEventOnceInOrder()
    {
        NatsEventStream<Reading> publisher = await OpenAsync();
        int published = 0;
        var running = new List<NatsSubscription>();
        foreach (int step in (int[])[1, 1, 1, -1, 1, -1, -1])
        {
            if (step > 0)
            {
                running.Add(await StartAsync(running.Count));
            }
            else
            {
                await Eventually.Ends(running[0].StopAsync());
                running.RemoveAt(0);
            }

            Task<long> publishing = publisher.PublishAllAsync(Enumerable.Range(published, 400).Select(i => new Reading($"k{i % 50}", i)));
            published += 400;
            await Becomes(() => running.Sum(instance => instance.Partitions.Count) == 12 && running.All(instance => instance.Partitions.Count > 0));
            await publishing;
        }

        await Becomes(() => _handled.Count >= published);
        Assert.That(_handled.Select(e => e.Reading.Number).Order(), Is.EqualTo(Enumerable.Range(0, published)), "a stopped instance hands over what it has handled");
        AssertOrder();
    }

    /// <summary>The instance is cut off. Its calls are canceled before the others take its partitions.</summary>
    [Test]
    public async Task Partitions_InstanceCutOff_OthersTakeOverAndItReturns()
    {
        TcpProxy proxy = OpenProxy();
        int begun = 0;
        int canceled = 0;
        await using NatsSubscription cut = await StartAsync(
            0,
            proxy.Url,
            async (_, token) =>
            {
                Interlocked.Increment(ref begun);
                try
                {
                    await Task.Delay(Timeout.Infinite, token);
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref canceled);
                    throw;
                }
            });
        await Becomes(() => cut.Partitions.Count == 12);
        await using NatsSubscription other = await StartAsync(1);
        await Becomes(() => other.Partitions.Count == 6);
        NatsEventStream<Reading> publisher = await OpenAsync();
        await publisher.PublishAllAsync(Enumerable.Range(0, 200).Select(i => new Reading($"k{i % 50}", i)));
        await Becomes(() => Volatile.Read(ref begun) > 0);

        proxy.Cut();
        await Becomes(() => other.Partitions.Count == 12);
        await Becomes(() => Volatile.Read(ref canceled) == Volatile.Read(ref begun)); // before that, unless this machine stood still
        Assert.That(cut.Partitions, Is.Empty);
        await Becomes(() => _handled.Count == 200);
        AssertOrder();

        proxy.Mend();
        await Becomes(() => cut.Partitions.Count == 6 && other.Partitions.Count == 6);
        Assert.That(cut.Completion.IsCompleted, Is.False);
    }

    /// <summary>A call that heeds no cancellation returns after another instance has the partition. Its checkpoint is lost, and the other's stays.</summary>
    [Test]
    public async Task Partitions_CallHangsWhileCutOff_ItsCheckpointIsNotSaved()
    {
        TcpProxy proxy = OpenProxy();
        var release = new TaskCompletionSource();
        NatsEventStream<Reading> publisher = await OpenAsync();
        await publisher.PublishAllAsync(Enumerable.Range(0, 10).Select(i => new Reading("k", i)));
        var begun = new TaskCompletionSource();
        await using NatsSubscription cut = await StartAsync(
            0,
            proxy.Url,
            (_, _) =>
            {
                begun.TrySetResult();
                return new ValueTask(release.Task);
            });
        await Eventually.Ends(begun.Task);

        proxy.Cut();
        await Becomes(() => cut.Partitions.Count == 0);
        await using NatsSubscription other = await StartAsync(1);
        await Becomes(() => _handled.Count == 10);
        Assert.That(_handled.Select(e => e.Reading.Number), Is.EqualTo(Enumerable.Range(0, 10)));
        proxy.Mend();
        release.SetResult();
        await Becomes(() => cut.Partitions.Count == 6);
        await publisher.PublishAllAsync(Enumerable.Range(10, 10).Select(i => new Reading("k", i)));
        await Task.WhenAll(Eventually.Ends(cut.WhenCaughtUpAsync()), Eventually.Ends(other.WhenCaughtUpAsync()));

        Assert.That(
            _handled.Select(e => e.Reading.Number).Order(), Is.EqualTo(Enumerable.Range(0, 20).Prepend(0)), "only the event of the call that hung is handled twice");
        Assert.That(cut.Completion.IsCompleted, Is.False);
    }

    /// <summary>Each outage and each change of the partitions makes new consumers. None of the old ones stays.</summary>
    [Test]
    public async Task Partitions_StormOfReconnects_LeavesNoConsumer()
    {
        TcpProxy[] proxies = [OpenProxy(), OpenProxy()];
        NatsSubscription[] instances = [await StartAsync(0, proxies[0].Url), await StartAsync(1, proxies[1].Url)];
        await Becomes(() => instances.All(instance => instance.Partitions.Count == 6));
        NatsEventStream<Reading> publisher = await OpenAsync();
        for (int round = 0; round < 15; round++)
        {
            await publisher.PublishAllAsync(Enumerable.Range(round * 20, 20).Select(i => new Reading($"k{i % 50}", i)));
            proxies[round % 2].Cut();
            proxies[round % 2].Mend();
            await Becomes(() => _handled.Select(e => e.Reading.Number).Distinct().Count() >= round * 20);
        }

        await Becomes(() => _handled.Select(e => e.Reading.Number).Distinct().Count() == 300);
        await Task.WhenAll(instances.Select(instance => Eventually.Ends(instance.StopAsync())));

        // The server deletes a consumer that no client could delete a minute after its last reader has gone.
        await Becomes(async () => (await ConsumersAsync()).Length <= 2 + 1, limit: TimeSpan.FromMinutes(2));
    }

    [Test]
    public async Task Partitions_OtherCount_EndsWithClearError()
    {
        await using NatsSubscription first = await StartAsync(0);
        await Becomes(() => first.Partitions.Count == 12);
        NatsEventStream<Reading> stream = await OpenAsync();
        await using NatsSubscription second = stream.SubscribeAwait(
            static (_, _) => ValueTask.CompletedTask, HandlerOptions(partitions: new NatsPartitions { Count = 13, LeaseDuration = TimeSpan.FromSeconds(2) }));

        await Assert.ThatAsync(
            () => Eventually.Ends(second.Completion), Throws.TypeOf<NatsEventStreamException>().With.Message.Contains("has 12 partitions, not 13"));
    }

    [Test]
    public async Task Partitions_BucketOfLeasesDeleted_InstancesShareAgain()
    {
        NatsSubscription[] instances = [await StartAsync(0), await StartAsync(1)];
        await Becomes(() => instances.All(instance => instance.Partitions.Count == 6));

        await new NatsKVContext(JetStream).DeleteStoreAsync("rx-handlers");
        NatsEventStream<Reading> publisher = await OpenAsync();
        await publisher.PublishAllAsync(Enumerable.Range(0, 500).Select(i => new Reading($"k{i % 50}", i)));
        await Becomes(() => _handled.Count >= 500);
        await Becomes(() => instances.All(instance => instance.Partitions.Count == 6));

        Assert.That(_handled.Select(e => e.Reading.Number).Distinct().Count(), Is.EqualTo(500));
    }

    [Test]
    public async Task Partitions_BucketOfCheckpointsDeleted_EndsWithClearError()
    {
        await using NatsSubscription instance = await StartAsync(0);
        await Becomes(() => instance.Partitions.Count == 12);
        await new NatsKVContext(JetStream).DeleteStoreAsync("rx-checkpoints");
        NatsEventStream<Reading> publisher = await OpenAsync();
        await publisher.PublishAsync(new Reading("k", 0));

        await Assert.ThatAsync(() => Eventually.Ends(instance.Completion), Throws.TypeOf<CheckpointLostException>().With.Message.Contains("was deleted"));
    }

    private async Task<NatsSubscription> StartAsync(
        int instance, string? url = null, Func<NatsEvent<Reading>, CancellationToken, ValueTask>? before = null)
    {
        NatsEventStream<Reading> stream = await OpenAsync(url: url);
        return stream.SubscribeAwait(
            async (e, token) =>
            {
                if (before is not null)
                {
                    await before(e, token);
                }

                _handled.Enqueue((instance, e.Value));
            },
            HandlerOptions(partitions: _partitions, saveInterval: TimeSpan.Zero, key: e => e.Value.Source));
    }

    private void AssertOrder() =>
        Assert.That(_handled.GroupBy(e => e.Reading.Source).Select(key => key.Select(e => e.Reading.Number)), Is.All.Ordered);
}

using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using NATS.Client.KeyValueStore;
using Rx.Nats;
using Rx.Nats.KeyValue;
using Rx.Nats.Server;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats;

/// <summary>Views of a bucket, which NATS.Net's key-value store writes.</summary>
internal sealed class NatsKeyValueTests : NatsFixture
{
    private const string Bucket = "settings";

    private NatsKVContext Buckets => new(JetStream);

    [Test]
    public async Task OpenAsync_History_NewestValueOfEachKey()
    {
        INatsKVStore store = await CreateAsync(history: 5);
        await PutAsync(store, "a", 1, 2, 3);
        await PutAsync(store, "b", 1);
        await store.DeleteAsync("b");
        await PutAsync(store, "c.d/e", 9);
        await store.PurgeAsync("gone");

        NatsKeyValueView<int> view = await OpenViewAsync();

        Assert.That(
            view.State, Is.EquivalentTo(new Dictionary<string, NatsKeyValue<int>> { ["a"] = new(3, 3), ["c.d/e"] = new(9, 6) }));
        Assert.That(view.Current.Sequence, Is.EqualTo(7));
    }

    [Test]
    public async Task OpenAsync_EmptyBucket_EmptyAndFollows()
    {
        INatsKVStore store = await CreateAsync();
        NatsKeyValueView<int> view = await OpenViewAsync();
        Assert.That(view.Current.State, Is.Empty);
        await Eventually.Ends(view.WhenCaughtUpAsync());

        await Eventually.Ends(view.WhenReachedAsync((long)await store.PutAsync("a", 1)));

        Assert.That(view.State["a"], Is.EqualTo(new NatsKeyValue<int>(1, 1)));
    }

    [Test]
    public async Task OpenAsync_AllPurged_EmptyAtLastRevision()
    {
        INatsKVStore store = await CreateAsync();
        await PutAsync(store, "a", 1, 2, 3);
        await JetStream.PurgeStreamAsync($"KV_{Bucket}", new StreamPurgeRequest());

        NatsKeyValueView<int> view = await OpenViewAsync();

        Assert.That(view.State, Is.Empty);
        Assert.That(view.Current.Sequence, Is.EqualTo(3));
    }

    [Test]
    public async Task OpenAsync_Json_IsRead()
    {
        INatsKVStore store = await CreateAsync();
        await store.PutAsync("a", """{"Source":"s","Number":7}""");
        await store.DeleteAsync("b");

        await using var view = await NatsKeyValueView<Reading>.OpenAsync(Connection, Bucket, ReadingJson.Default.Reading);

        Assert.That(view.State["a"].Value, Is.EqualTo(new Reading("s", 7)));
        Assert.That(view.State, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Changes_PutDeletePurgeRecreate_InOrder()
    {
        INatsKVStore store = await CreateAsync(history: 10);
        await PutAsync(store, "before", 1);
        NatsKeyValueView<int> view = await OpenViewAsync();
        ReceivedChanges received = Observe(view);

        await PutAsync(store, "a", 1, 2);
        await store.DeleteAsync("a");
        await PutAsync(store, "a", 3);
        await store.PurgeAsync("a");
        await PutAsync(store, "a", 4);
        await store.DeleteAsync("unknown");

        received.WaitFor(8);
        Assert.That(
            received.Texts,
            Is.EqualTo(new[]
            {
                "a Put 1 @2", "a Put 2 @3", "a Delete 0 @4", "a Put 3 @5", "a Purge 0 @6", "a Put 4 @7", "unknown Delete 0 @8",
            }));
        Assert.That(view.State, Is.EquivalentTo(new Dictionary<string, NatsKeyValue<int>> { ["before"] = new(1, 1), ["a"] = new(4, 7) }));
        Assert.That(view.Current.Sequence, Is.EqualTo(8));
    }

    [Test]
    public async Task Changes_SubscribedBeforeStateIsTaken_ExactlyWhatFollows()
    {
        await CreateAsync();
        INatsKVStore store = await OpenPatientlyAsync();
        NatsKeyValueView<int> view = await OpenViewAsync();
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; i < 500; i++)
            {
                await store.PutAsync($"k{i % 7}", i);
            }
        });
        Task reached = view.WhenReachedAsync(100);
        await Eventually.Ends(Task.WhenAny(reached, writing));
        Assert.That(writing.IsFaulted, Is.False, () => $"{writing.Exception}");
        await Eventually.Ends(reached);

        ReceivedChanges received = Observe(view);
        NatsSnapshot<System.Collections.Immutable.ImmutableDictionary<string, NatsKeyValue<int>>> start = view.Current;
        await writing;
        received.WaitFor(500);

        Assert.That(
            received.All.Select(c => c.Revision).Where(r => r > start.Sequence), Is.EqualTo(Enumerable.Range((int)start.Sequence + 1, 500 - (int)start.Sequence)));
        Assert.That(start.State.Values.Max(v => v.Revision), Is.EqualTo(start.Sequence));
    }

    [Test]
    public async Task TenThousandKeys_ConsumerDeleted_ReadAgainWithoutChanges()
    {
        const int count = 10_000;
        INatsKVStore store = await CreateAsync();
        foreach (int[] chunk in Enumerable.Range(0, count).Chunk(500))
        {
            await Task.WhenAll(chunk.Select(i => store.PutAsync($"k{i}", i).AsTask()));
        }

        NatsKeyValueView<int> view = await OpenViewAsync();
        Assert.That(view.State, Has.Count.EqualTo(count));
        Assert.That(view.State.All(e => e.Key == $"k{e.Value.Value}"), Is.True);
        ReceivedChanges received = Observe(view);

        await DeleteConsumersAsync();
        await store.PutAsync("k5", -5);
        await store.DeleteAsync("k6");

        received.WaitFor(count + 2);
        Assert.That(received.Texts, Is.EqualTo(new[] { $"k5 Put -5 @{count + 1}", $"k6 Delete 0 @{count + 2}" }));
        Assert.That(view.State, Has.Count.EqualTo(count - 1));
    }

    [Test]
    public async Task ServerKilledAndRestarted_ViewHeals()
    {
        INatsKVStore store = await CreateAsync();
        await PutAsync(store, "stays", 1);
        await PutAsync(store, "goes", 1);
        NatsKeyValueView<int> view = await OpenViewAsync();
        ReceivedChanges received = Observe(view);
        await PutAsync(store, "changes", 1);
        received.WaitFor(3);

        Server.Kill();
        Task reached = view.WhenReachedAsync(6);
        await Server.StartAgainAsync();
        Eventually.IsTrue(() => Connection.ConnectionState is NatsConnectionState.Open, "The test's own connection is open again.");
        await PutAsync(store, "changes", 2);
        await store.DeleteAsync("goes");
        await PutAsync(store, "new", 1);

        await Eventually.Ends(reached);
        Assert.That(
            view.State,
            Is.EquivalentTo(new Dictionary<string, NatsKeyValue<int>> { ["stays"] = new(1, 1), ["changes"] = new(2, 4), ["new"] = new(1, 6) }));
        received.WaitFor(6);
        Assert.That(received.Texts, Is.EqualTo(new[] { "changes Put 1 @3", "changes Put 2 @4", "goes Delete 0 @5", "new Put 1 @6" }));
        Assert.That(view.Completion.IsCompleted, Is.False);
    }

    /// <summary>Whatever is lost on the way, the changes that an observer gets lead to the state that the bucket has.</summary>
    [Test]
    public async Task WritesWhileConsumersAndServerGo_ChangesLeadToState()
    {
        INatsKVStore store = await CreateAsync();
        NatsKeyValueView<int> view = await OpenViewAsync();
        ReceivedChanges received = Observe(view);
        Task writing = Task.Run(async () =>
        {
            for (int i = 1; i <= 3_000; i++)
            {
                await InsistAsync(() => i % 5 == 0 ? store.DeleteAsync($"k{i % 97}").AsTask() : store.PutAsync($"k{i % 97}", i).AsTask());
            }
        });

        for (int i = 1; i <= 3; i++)
        {
            received.WaitFor(i * 500);
            await DeleteConsumersAsync();
        }

        received.WaitFor(2_000);
        Server.Kill();
        await Server.StartAgainAsync();
        await Eventually.Ends(writing);
        await Eventually.Ends(view.WhenCaughtUpAsync());

        var expected = new Dictionary<string, NatsKeyValue<int>>();
        await foreach (string key in store.GetKeysAsync())
        {
            NatsKVEntry<int> entry = await store.GetEntryAsync<int>(key);
            expected[key] = new NatsKeyValue<int>(entry.Value, (long)entry.Revision);
        }

        Assert.That(view.State, Is.EquivalentTo(expected));
        received.WaitFor(view.Current.Sequence);
        var folded = new Dictionary<string, NatsKeyValue<int>>();
        foreach (NatsKeyValueChange<int> change in received.All)
        {
            folded.Remove(change.Key);
            if (change.Kind is NatsKeyValueChangeKind.Put)
            {
                folded[change.Key] = new NatsKeyValue<int>(change.Value, change.Revision);
            }
        }

        Assert.That(folded, Is.EquivalentTo(expected));
        Assert.That(received.All.Select(c => c.Revision), Is.Ordered);
        Assert.That(received.All.Select(c => (c.Key, c.Revision)), Is.Unique);
    }

    /// <summary>A reader that goes on by sequence number would take what the newer values have replaced for a gap.</summary>
    [Test]
    public async Task Cut_ValuesSuperseded_OneChangeAndNoGap()
    {
        TcpProxy proxy = OpenProxy();
        INatsKVStore store = await CreateAsync();
        await PutAsync(store, "a", 1, 2);
        NatsKeyValueView<int> view = await OpenViewAsync(proxy.Url);
        ReceivedChanges received = Observe(view);

        proxy.Cut();
        await PutAsync(store, "a", [.. Enumerable.Range(3, 50)]);
        proxy.Mend();

        received.WaitFor(52);
        Assert.That(received.Texts, Is.EqualTo(new[] { "a Put 52 @52" }));
        Assert.That(view.State["a"], Is.EqualTo(new NatsKeyValue<int>(52, 52)));
    }

    /// <summary>A reader that goes on by sequence number would keep the key for ever.</summary>
    [Test]
    public async Task Cut_DeletedAndMarkerPurged_KeyIsGone()
    {
        TcpProxy proxy = OpenProxy();
        INatsKVStore store = await CreateAsync();
        await PutAsync(store, "first", 1);
        await PutAsync(store, "a", 1);
        await PutAsync(store, "b", 1);
        NatsKeyValueView<int> view = await OpenViewAsync(proxy.Url);
        ReceivedChanges received = Observe(view);

        proxy.Cut();
        await store.DeleteAsync("a");
        await PutAsync(store, "b", 2);
        await store.PurgeDeletesAsync(new NatsKVPurgeOpts { DeleteMarkersThreshold = TimeSpan.FromTicks(-1) });
        Assert.That((await (await JetStream.GetStreamAsync($"KV_{Bucket}")).GetAsync(new StreamMsgGetRequest { Seq = 1 })).Message.Seq, Is.EqualTo(1));
        proxy.Mend();

        Eventually.IsTrue(() => received.All.Any(c => c.Kind is not NatsKeyValueChangeKind.Put), "The key is gone.");
        Assert.That(view.State, Is.EquivalentTo(new Dictionary<string, NatsKeyValue<int>> { ["first"] = new(1, 1), ["b"] = new(2, 5) }));
        Assert.That(received.All[0], Is.EqualTo(new NatsKeyValueChange<int>("b", NatsKeyValueChangeKind.Put, 2, 5)));
        Assert.That((received.All[1].Key, received.All[1].Revision >= 5), Is.EqualTo(("a", true)));
    }

    /// <summary>The server sends another entry in the place of the missing one, and in most cases counts a message too many from then on.</summary>
    [TestCase("a", ExpectedResult = "b@2 c@3 a@4")]
    [TestCase("b", ExpectedResult = "a@1 c@3 b@4")]
    [TestCase("c", ExpectedResult = "a@1 b@2 c@4")]
    [TestCase("a b", ExpectedResult = "c@3 a@4 b@5")]
    [TestCase("a b c", ExpectedResult = "a@4 b@5 c@6")]
    public async Task<string> Snapshot_KeysChangeBeforeTheyAreSent_NewValuesOnce(string changing)
    {
        INatsKVStore store = await CreateAsync();
        foreach (string key in new[] { "a", "b", "c" })
        {
            await PutAsync(store, key, 1);
        }

        using var api = new StreamApi(Connection, $"KV_{Bucket}", maxInFlight: 1);
        await using var reader = new BucketReader(api, Bucket, CancellationToken.None);
        await reader.OpenAsync(CancellationToken.None);
        foreach (string key in changing.Split(' '))
        {
            await PutAsync(store, key, 2);
        }

        await using INatsSub<string> questions = await Connection.SubscribeCoreAsync<string>($"$JS.API.CONSUMER.INFO.KV_{Bucket}.*");
        await Connection.PingAsync();

        BucketSnapshot snapshot = await Eventually.Ends(reader.ReadSnapshotAsync());

        await Connection.PingAsync();
        Assert.That(questions.Msgs.TryRead(out _), Is.False, "The reader does not wait until the bucket is idle.");

        return string.Join(' ', snapshot.Entries.Select(e => $"{e.Key}@{e.Revision}"));
    }

    /// <summary>A bucket that is never idle, and whose consumer counts a pending message too many.</summary>
    [Test]
    public async Task Snapshot_KeysChangeAllTheTime_Completes()
    {
        INatsKVStore store = await CreateAsync();
        await PutAsync(store, "a", 1);
        await PutAsync(store, "b", 1);
        using var api = new StreamApi(Connection, $"KV_{Bucket}", maxInFlight: 1);
        await using var reader = new BucketReader(api, Bucket, CancellationToken.None);
        await reader.OpenAsync(CancellationToken.None);
        await PutAsync(store, "b", 2);
        using var end = new CancellationTokenSource();
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; !end.IsCancellationRequested; i++)
            {
                await store.PutAsync("b", i);
            }
        });

        BucketSnapshot snapshot = await Eventually.Ends(reader.ReadSnapshotAsync());
        await end.CancelAsync();
        await writing;

        Assert.That(snapshot.Keys, Is.EquivalentTo(new[] { "a", "b" }));
    }

    [Test]
    public async Task Snapshot_LastEntryRemovedBeforeItIsSent_Completes()
    {
        INatsKVStore store = await CreateAsync();
        await PutAsync(store, "a", 1);
        await PutAsync(store, "b", 1);
        using var api = new StreamApi(Connection, $"KV_{Bucket}", maxInFlight: 1);
        await using var reader = new BucketReader(api, Bucket, CancellationToken.None);
        await reader.OpenAsync(CancellationToken.None);
        await JetStream.PurgeStreamAsync($"KV_{Bucket}", new StreamPurgeRequest { Filter = $"$KV.{Bucket}.b" });

        BucketSnapshot snapshot = await Eventually.Ends(reader.ReadSnapshotAsync());

        Assert.That(snapshot.Entries.Select(e => $"{e.Key}@{e.Revision}"), Is.EqualTo(new[] { "a@1" }));
        Assert.That(snapshot.Revision, Is.EqualTo(2));
    }

    [Test]
    public async Task BucketDeleted_ViewEndsWithError()
    {
        INatsKVStore store = await CreateAsync();
        await PutAsync(store, "a", 1);
        NatsKeyValueView<int> view = await OpenViewAsync();
        ReceivedChanges received = Observe(view);
        Task reached = view.WhenReachedAsync(2);

        await Buckets.DeleteStoreAsync(Bucket);

        await Assert.ThatAsync(
            () => Eventually.Ends(view.Completion), Throws.TypeOf<NatsEventStreamException>().With.Message.EqualTo("The server has no key-value bucket 'settings'."));
        await Assert.ThatAsync(() => Eventually.Ends(reached), Throws.TypeOf<NatsEventStreamException>());
        Eventually.IsTrue(() => received.Error is NatsEventStreamException, "Observers get the error.");
        Assert.That(view.State["a"].Value, Is.EqualTo(1), "The last state stays.");
    }

    [Test]
    public async Task BucketRecreated_ViewEndsWithError()
    {
        TcpProxy proxy = OpenProxy();
        INatsKVStore store = await CreateAsync();
        await PutAsync(store, "a", 1, 2, 3);
        NatsKeyValueView<int> view = await OpenViewAsync(proxy.Url);

        proxy.Cut();
        await Buckets.DeleteStoreAsync(Bucket);
        store = await CreateAsync();
        await PutAsync(store, "a", [.. Enumerable.Range(1, 10)]);
        proxy.Mend();

        await Assert.ThatAsync(
            () => Eventually.Ends(view.Completion), Throws.TypeOf<NatsEventStreamException>().With.Message.Contains("deleted and created again"));
        Assert.That(view.State["a"], Is.EqualTo(new NatsKeyValue<int>(3, 3)));
    }

    [Test]
    public async Task Unreadable_AtOpeningAndLater_EndsWithErrorNamingKey()
    {
        INatsKVStore store = await CreateAsync();
        NatsKeyValueView<int> view = await OpenViewAsync();
        await store.PutAsync("poison", "not a number");

        await Assert.ThatAsync(
            () => Eventually.Ends(view.Completion),
            Throws.TypeOf<UnreadableEventException>().With.Property("Sequence").EqualTo(1).And.Property("Subject").EqualTo($"$KV.{Bucket}.poison"));
        await Assert.ThatAsync(() => OpenViewAsync(), Throws.TypeOf<UnreadableEventException>());
        Assert.That(await BucketConsumersAsync(), Has.Length.EqualTo(1), "Only that of the view that is not disposed yet.");
    }

    [Test]
    public async Task OpenAsync_NoBucket_SaysSo() =>
        await Assert.ThatAsync(
            () => OpenViewAsync(), Throws.TypeOf<NatsEventStreamException>().With.Message.EqualTo("The server has no key-value bucket 'settings'."));

    [TestCase("")]
    [TestCase("a.b")]
    [TestCase("a b")]
    [TestCase("größe")]
    public async Task OpenAsync_InvalidName_Throws(string bucket) =>
        await Assert.ThatAsync(
            () => NatsKeyValueView<int>.OpenAsync(Connection, bucket, NatsUtf8PrimitivesSerializer<int>.Default),
            Throws.ArgumentException.With.Property("ParamName").EqualTo("bucket"));

    [Test]
    public async Task OpenAsync_Canceled_EndsAndLeavesNoConsumer()
    {
        TcpProxy proxy = OpenProxy();
        INatsKVStore store = await CreateAsync();
        await PutAsync(store, "a", 1);
        await using NatsConnection connection = NatsServer.ConnectTo(proxy.Url);
        await connection.ConnectAsync();
        proxy.HoldAnswers();
        using var cancellation = new CancellationTokenSource();
        Task<NatsKeyValueView<int>> opening =
            NatsKeyValueView<int>.OpenAsync(connection, Bucket, NatsUtf8PrimitivesSerializer<int>.Default, cancellation.Token);

        await cancellation.CancelAsync();

        OperationCanceledException? error = await Assert.CatchAsync<OperationCanceledException>(() => Eventually.Ends(opening));
        Assert.That(error!.CancellationToken, Is.EqualTo(cancellation.Token));
        proxy.ReleaseAnswers();
        Assert.That(await BucketConsumersAsync(), Is.Empty);
    }

    [Test]
    public async Task WhenReachedAsync_Negative_NamesValueAndRange()
    {
        await CreateAsync();
        NatsKeyValueView<int> view = await OpenViewAsync();

        Assert.That(
            () => view.WhenReachedAsync(-1),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("revision").And.Property("ActualValue").EqualTo(-1)
                .And.Message.Contains("at least 1"));
    }

    [Test]
    public async Task DisposeAsync_Open_EndsAllAndDeletesConsumer()
    {
        INatsKVStore store = await CreateAsync();
        await PutAsync(store, "a", 1);
        NatsKeyValueView<int> view = await OpenViewAsync();
        ReceivedChanges received = Observe(view);
        Task reached = view.WhenReachedAsync(2);

        await view.DisposeAsync();
        await view.DisposeAsync();

        await Assert.ThatAsync(() => Eventually.Ends(reached), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(view.Completion.IsCanceled, Is.True);
        Assert.That(received.Error, Is.Null);
        Assert.That(() => view.Changes.Subscribe(received), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(view.State["a"].Value, Is.EqualTo(1));
        Assert.That(await BucketConsumersAsync(), Is.Empty);
    }

    private static ReceivedChanges Observe(NatsKeyValueView<int> view)
    {
        var received = new ReceivedChanges();
        view.Changes.Subscribe(received);
        return received;
    }

    private static async Task PutAsync(INatsKVStore store, string key, params int[] values)
    {
        foreach (int value in values)
        {
            await store.PutAsync(key, value);
        }
    }

    /// <summary>Repeats a write until the server answers.</summary>
    private static async Task InsistAsync(Func<Task> write)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (true)
        {
            try
            {
                await write();
                return;
            }
            catch (Exception error) when (error is NatsException or OperationCanceledException or IOException)
            {
                limit.Token.ThrowIfCancellationRequested();
            }
        }
    }

    private async Task<INatsKVStore> CreateAsync(int history = 1) =>
        await Buckets.CreateStoreAsync(new NatsKVConfig(Bucket) { History = history });

    /// <summary>The bucket, for a writer that waits as long for an answer as the tests do: on a busy machine the server can answer late.</summary>
    private async Task<INatsKVStore> OpenPatientlyAsync() =>
        await new NatsKVContext(new NatsJSContext(AfterTest(NatsServer.ConnectTo(Server.Url, Eventually.Limit)))).GetStoreAsync(Bucket);

    private async Task<NatsKeyValueView<int>> OpenViewAsync(string? url = null)
    {
        NatsConnection connection = url is null ? Connection : AfterTest(NatsServer.ConnectTo(url));
        return AfterTest(await NatsKeyValueView<int>.OpenAsync(connection, Bucket, NatsUtf8PrimitivesSerializer<int>.Default));
    }

    private async Task<string[]> BucketConsumersAsync()
    {
        var names = new List<string>();
        await foreach (string name in JetStream.ListConsumerNamesAsync($"KV_{Bucket}"))
        {
            names.Add(name);
        }

        return [.. names];
    }

    private async Task DeleteConsumersAsync()
    {
        foreach (string name in await BucketConsumersAsync())
        {
            await JetStream.DeleteConsumerAsync($"KV_{Bucket}", name);
        }
    }
}

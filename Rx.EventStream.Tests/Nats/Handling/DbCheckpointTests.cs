using System.Data.Common;
using Microsoft.Data.Sqlite;
using Rx.Nats;
using Rx.Tests.Contract;
using Rx.Tests.Samples;

namespace Rx.Tests.Nats.Handling;

/// <summary>Checkpoints in the transaction of the handler's effect.</summary>
internal sealed class DbCheckpointTests : HandlerFixture
{
    private TemporaryFolder _folder = null!;
    private DbDataSource _database = null!;
    private DbCheckpointStore _store = null!;

    [SetUp]
    public async Task CreateDatabase()
    {
        _folder = new TemporaryFolder();
        _database = SqliteFactory.Instance.CreateDataSource($"Data Source={Path.Combine(_folder.Path, "effects.db")}");
        _store = new DbCheckpointStore(_database);
        await _store.CreateTableAsync();
        await _store.CreateTableAsync(); // again: nothing happens
        await ExecuteAsync("CREATE TABLE effects (sequence BIGINT NOT NULL)");
    }

    [TearDown]
    public async Task DeleteDatabase()
    {
        await _database.DisposeAsync();
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Test]
    public async Task OpenAsync_NewAndSaved_GivesNext()
    {
        ICheckpoint checkpoint = await _store.OpenAsync("h", default);
        Assert.That(checkpoint.Next, Is.Zero);
        await checkpoint.SaveAsync(5, default);
        await checkpoint.SaveAsync(3, default); // smaller: nothing happens

        Assert.That((await _store.OpenAsync("h", default)).Next, Is.EqualTo(5));
        Assert.That((await _store.OpenAsync("other", default)).Next, Is.Zero);
    }

    [Test]
    public async Task SaveAsync_AnotherOwner_ThrowsAndSavesNothing()
    {
        ICheckpoint first = await _store.OpenAsync("h", default);
        await first.SaveAsync(5, default);
        ICheckpoint second = await _store.OpenAsync("h", default);

        await Assert.ThatAsync(() => first.SaveAsync(9, default).AsTask(), Throws.TypeOf<CheckpointLostException>().With.Property("Name").EqualTo("h"));
        Assert.That(second.Next, Is.EqualTo(5));
        await second.SaveAsync(6, default);
        Assert.That((await _store.OpenAsync("h", default)).Next, Is.EqualTo(6));
    }

    [Test]
    public async Task SaveCheckpointAsync_EveryThirdCommitIsLost_EachEffectOnce()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 60));
        int calls = 0;
        await HandleAllAsync(stream, async (e, token) =>
        {
            await using DbConnection connection = await _database.OpenConnectionAsync(token);
            await using DbTransaction transaction = await connection.BeginTransactionAsync(token);
            await InsertAsync(connection, transaction, e.Sequence);
            await e.SaveCheckpointAsync(transaction, token);
            if (++calls % 3 == 0)
            {
                throw new TimeoutException("before the commit");
            }

            await transaction.CommitAsync(token);
        });

        Assert.That(await EffectsAsync(), Is.EqualTo(Range(1, 60)));
        Assert.That(calls, Is.GreaterThan(60));
    }

    /// <summary>Two instances handle the same events at the same time: the checkpoint decides in each transaction.</summary>
    [Test]
    public async Task SaveCheckpointAsync_SecondOwner_EachEffectOnce()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 200));
        NatsSubscription first = stream.SubscribeAwait(EffectAsync, HandlerOptions(checkpoints: _store));
        await Becomes(() => first.Handled > 10);
        await using NatsSubscription second = stream.SubscribeAwait(EffectAsync, HandlerOptions(checkpoints: _store));
        await Becomes(() => second.Partitions.Count == 1);
        await stream.PublishAllAsync(Readings("a", 50, first: 200));

        await Ends<CheckpointLostException>(first);
        await Eventually.Ends(second.WhenCaughtUpAsync());
        Assert.That(await EffectsAsync(), Is.EqualTo(Range(1, 250)));
    }

    [Test]
    public async Task SaveCheckpointAsync_WrongUse_ThrowsInvalidOperation()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAsync(new Reading("a", 0));
        await using NatsSubscription several = stream.SubscribeAwait(EffectAsync, HandlerOptions(maxConcurrency: 2, checkpoints: _store));
        await using NatsSubscription elsewhere = stream.SubscribeAwait(EffectAsync, HandlerOptions(name: "elsewhere"));

        await Assert.ThatAsync(() => Eventually.Ends(several.Completion), Throws.InvalidOperationException.With.Message.Contains("MaxConcurrency"));
        await Assert.ThatAsync(() => Eventually.Ends(elsewhere.Completion), Throws.InvalidOperationException.With.Message.Contains("DbCheckpointStore"));
    }

    [Test]
    public void Constructor_InvalidTable_Throws()
    {
        Assert.That(() => new DbCheckpointStore(_database, "a-b"), Throws.ArgumentException.With.Message.Contains("'a-b'"));
        Assert.That(() => new DbCheckpointStore(_database, "x; DROP TABLE effects"), Throws.ArgumentException);
        Assert.That(() => new DbCheckpointStore(_database, "dbo.checkpoints"), Throws.Nothing);
        Assert.That(() => new DbCheckpointStore(null!), Throws.ArgumentNullException);
    }

    /// <summary>Starts the handler again after each fault, until it has handled all events.</summary>
    private async Task HandleAllAsync(NatsEventStream<Reading> stream, Func<NatsEvent<Reading>, CancellationToken, ValueTask> handler)
    {
        while (true)
        {
            await using NatsSubscription running = stream.SubscribeAwait(handler, HandlerOptions(checkpoints: _store));
            try
            {
                await Eventually.Ends(running.WhenCaughtUpAsync());
                return;
            }
            catch (TimeoutException error) when (error.Message == "before the commit")
            {
                // The next round repeats the event.
            }
        }
    }

    private async ValueTask EffectAsync(NatsEvent<Reading> e, CancellationToken token)
    {
        await using DbConnection connection = await _database.OpenConnectionAsync(token);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(token);
        await InsertAsync(connection, transaction, e.Sequence);
        await e.SaveCheckpointAsync(transaction, token);
        await transaction.CommitAsync(token);
    }

    private static async Task InsertAsync(DbConnection connection, DbTransaction transaction, long sequence)
    {
        await using DbCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"INSERT INTO effects VALUES ({sequence})";
        await command.ExecuteNonQueryAsync();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using DbCommand command = _database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<long[]> EffectsAsync()
    {
        var effects = new List<long>();
        await using DbCommand command = _database.CreateCommand("SELECT sequence FROM effects ORDER BY rowid");
        await using DbDataReader reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            effects.Add(reader.GetInt64(0));
        }

        return [.. effects];
    }
}

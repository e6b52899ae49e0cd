using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Tests.Samples;
using Rx.Tests.Soak;

namespace Rx.Tests.Nats.Handling;

/// <summary>Three processes with one handler on 64 partitions and 1,000 keys. Every two seconds a process, or the server, is killed and started again.</summary>
/// <remarks>With RX_SOAK_SECONDS of 60 or more, there are 200,000 events.</remarks>
internal sealed class HandlerKillTests : NatsFixture
{
    private const int Keys = 1000;
    private const int Instances = 3;
    private const int Partitions = 64;

    private static readonly int _events = SoakTime.PerTest >= TimeSpan.FromSeconds(60) ? 200_000 : 20_000;

    /// <summary>Only ends a run that would hang.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(_events / 10_000);

    private readonly List<HandlerInstance> _instances = [];

    [TearDown]
    public void KillAll()
    {
        foreach (HandlerInstance instance in _instances)
        {
            instance.Dispose();
        }

        _instances.Clear();
    }

    [Test]
    public async Task Killed_CheckpointsInBucket_EachEventInOrderAndTwiceOnlyInFlight()
    {
        string effects = $"{Name}-effects";
        await JetStream.CreateStreamAsync(new StreamConfig(effects, [effects]) { DuplicateWindow = TimeSpan.FromMinutes(10) });
        await PublishAsync();

        int kills = await KillUntilAsync(["handle", Server.Url, Name, effects], async () => (int)(await JetStream.GetStreamAsync(effects)).Info.State.Messages >= _events &&
            (await ReadAsync(effects)).Distinct().Count() == _events);

        string[] handled = await ReadAsync(effects);
        int repeated = 0;
        foreach (IGrouping<string, int> key in handled.Select(Parse).GroupBy(e => e.Key, e => e.Number))
        {
            int[] numbers = [.. key];
            int[] once = [.. numbers.Where((number, i) => i == 0 || numbers[i - 1] != number)];
            Assert.That(once, Is.EqualTo(Enumerable.Range(0, _events / Keys)), $"key {key.Key}: each event, in order, repeated at most at once");
            repeated += numbers.Length - once.Length;
        }

        TestContext.Out.WriteLine($"{_events} events, {kills} kills, {repeated} handled twice");
        Assert.That(repeated, Is.LessThanOrEqualTo(kills * Partitions), "at most the event in flight of each partition at each kill");
    }

    [Test]
    public async Task Killed_CheckpointsInTransaction_EachEventExactlyOnceInOrder()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "effects.db");
        await using DbDataSource database = SqliteFactory.Instance.CreateDataSource($"Data Source={file}");
        await ExecuteAsync(database, "PRAGMA journal_mode = WAL"); // kept in the file; readers and a writer do not wait for each other
        await ExecuteAsync(database, "CREATE TABLE effects (sequence BIGINT NOT NULL, event TEXT NOT NULL)");
        await new Rx.Nats.DbCheckpointStore(database).CreateTableAsync();
        await PublishAsync();

        int kills = await KillUntilAsync(["handle-db", Server.Url, Name, file], async () => await CountAsync(database) >= _events);

        var handled = new List<string>();
        await using (DbCommand command = database.CreateCommand("SELECT event FROM effects ORDER BY rowid"))
        await using (DbDataReader reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                handled.Add(reader.GetString(0));
            }
        }

        SqliteConnection.ClearAllPools();
        TestContext.Out.WriteLine($"{_events} events, {kills} kills");
        Assert.That(handled, Has.Count.EqualTo(_events), "no row twice");
        Assert.That(handled.Select(Parse).GroupBy(e => e.Key, e => e.Number), Is.All.EqualTo(Enumerable.Range(0, _events / Keys)));
    }

    private static (string Key, int Number) Parse(string text) => (text.Split(' ')[0], int.Parse(text.Split(' ')[1], CultureInfo.InvariantCulture));

    private async Task PublishAsync()
    {
        foreach (int[] run in Enumerable.Range(0, _events).Chunk(500))
        {
            await Task.WhenAll(run.Select(async i =>
                (await JetStream.PublishAsync($"{Name}.event", $"\"k{i % Keys} {i / Keys}\"")).EnsureSuccess()));
        }
    }

    /// <summary>Runs the instances until the condition holds, and kills one of them, or the server, every two seconds.</summary>
    /// <returns>The number of kills.</returns>
    private async Task<int> KillUntilAsync(string[] arguments, Func<Task<bool>> isDone)
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int i = 0; i < Instances; i++)
        {
            _instances.Add(HandlerInstance.Start(arguments));
        }

        int kills = 0;
        long start = Stopwatch.GetTimestamp();
        while (!await isDone())
        {
            Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(_limit), "all events are handled");
            await Task.Delay(TimeSpan.FromSeconds(2));
            int victim = random.Next(Instances + 1);
            if (victim == Instances)
            {
                Server.Kill();
                await Server.StartAgainAsync();
                await Connection.PingAsync();
            }
            else
            {
                await _instances[victim].AssertRunsAsync();
                _instances[victim].Dispose();
                _instances[victim] = HandlerInstance.Start(arguments);
            }

            kills++;
        }

        return kills;
    }

    private async Task<string[]> ReadAsync(string stream)
    {
        var count = (int)(await JetStream.GetStreamAsync(stream)).Info.State.Messages;
        INatsJSConsumer consumer = await JetStream.CreateOrderedConsumerAsync(stream);
        var read = new List<string>();
        while (read.Count < count)
        {
            await foreach (INatsJSMsg<string> message in consumer.FetchNoWaitAsync<string>(new NatsJSFetchOpts { MaxMsgs = 1000 }))
            {
                read.Add(message.Data!);
            }
        }

        return [.. read];
    }

    private static async Task<int> CountAsync(DbDataSource database)
    {
        await using DbCommand command = database.CreateCommand("SELECT COUNT(DISTINCT sequence) FROM effects");
        return Convert.ToInt32(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    private static async Task ExecuteAsync(DbDataSource database, string sql)
    {
        await using DbCommand command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}

using System.Data.Common;
using System.Globalization;
using System.Reactive.Disposables;
using Microsoft.Data.Sqlite;
using NATS.Client.Core;
using NATS.Client.JetStream;
using Rx.Nats;

namespace Rx.Tests.NatsProcess;

/// <summary>One instance of a handler on 64 partitions. It handles "key number" events, and may be killed at any time.</summary>
internal static class Worker
{
    /// <summary>Opens the stream, and tries again if the server is killed before it answers. A supervisor would start the process again.</summary>
    internal static async Task<NatsEventStream<string>> OpenAsync(NatsConnection connection, NatsEventStreamOptions<string> options)
    {
        while (true)
        {
            try
            {
                return await NatsEventStream<string>.OpenAsync(connection, options);
            }
            catch (NatsEventStreamException error) when (error.InnerException is not null)
            {
                await Task.Delay(100); // the server has not answered
            }
        }
    }

    /// <summary>With checkpoints in the key-value store: the effect of an event is a message in another stream, whose order is that of the effects.</summary>
    internal static async Task RunAsync(NatsConnection connection, NatsEventStream<string> stream, string effects)
    {
        var jetStream = new NatsJSContext(connection);
        var instance = Guid.NewGuid().ToString("N");
        await RunAsync(
            stream,
            new NatsCheckpointStore(connection),
            async (e, token) =>
            {
                // The server may store it although the answer is lost: the id makes a second attempt of this instance harmless.
                string id = $"{instance}-{e.Sequence}";
                while (true)
                {
                    try
                    {
                        (await jetStream.PublishAsync(effects, e.Value, opts: new NatsJSPubOpts { MsgId = id }, cancellationToken: token)).EnsureSuccess();
                        return;
                    }
                    catch (NatsJSDuplicateMessageException)
                    {
                        return;
                    }
                    catch (NatsException) when (!token.IsCancellationRequested)
                    {
                        await Task.Delay(50, token);
                    }
                }
            });
    }

    /// <summary>With checkpoints in the database of the effects: an effect is a row, in the same transaction as the checkpoint.</summary>
    internal static async Task RunAsync(NatsEventStream<string> stream, string file)
    {
        using var writer = new SemaphoreSlim(1);
        await using DbDataSource database = SqliteFactory.Instance.CreateDataSource($"Data Source={file}");
        await RunAsync(
            stream,
            new DbCheckpointStore(database),
            async (e, token) =>
            {
                await writer.WaitAsync(token); // SQLite's own waiting is polling
                using IDisposable turn = Disposable.Create(() => writer.Release());
                await using DbConnection connection = await database.OpenConnectionAsync(token);
                await ExecuteAsync(connection, null, "PRAGMA synchronous = OFF", token); // the process is killed, not the machine
                await using DbTransaction transaction = await connection.BeginTransactionAsync(token);
                await ExecuteAsync(
                    connection,
                    transaction,
                    string.Create(CultureInfo.InvariantCulture, $"INSERT INTO effects (sequence, event) VALUES ({e.Sequence}, '{e.Value}')"),
                    token);
                await e.SaveCheckpointAsync(transaction, token);
                await transaction.CommitAsync(token);
            });
    }

    private static async Task ExecuteAsync(DbConnection connection, DbTransaction? transaction, string sql, CancellationToken token)
    {
        await using DbCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(token);
    }

    private static async Task RunAsync(NatsEventStream<string> stream, ICheckpointStore checkpoints, Func<NatsEvent<string>, CancellationToken, ValueTask> handler)
    {
        await using NatsSubscription running = stream.SubscribeAwait(handler, new NatsHandlerOptions<string>
        {
            Name = "worker",
            Checkpoints = checkpoints,
            SaveInterval = checkpoints is DbCheckpointStore ? TimeSpan.FromSeconds(1) : TimeSpan.Zero,
            PartitionKey = static e => e.Value.Split(' ')[0],
            Partitions = new NatsPartitions { LeaseDuration = TimeSpan.FromSeconds(2) },
        });
        await running.Completion;
    }
}

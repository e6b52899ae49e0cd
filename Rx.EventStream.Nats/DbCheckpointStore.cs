using System.Data.Common;
using Rx.Nats.Handling;

namespace Rx.Nats;

/// <summary>Keeps checkpoints in a table of a database, where a handler can save them in the same transaction as its effect.</summary>
/// <remarks>
/// In the handler, call <see cref="DbCheckpointExtensions.SaveCheckpointAsync{T}"/> with the transaction. The effect of each event is then in the database
/// exactly once, also if the process is killed at any time and if two instances handle the same event: the transaction of one of them fails with a
/// <see cref="CheckpointLostException"/>.
/// <para>The statements are those that all common databases understand: SQLite, PostgreSQL, SQL Server, MySQL and others whose ADO.NET provider takes
/// parameters with <c>@</c>.</para>
/// <para><b>Concurrency.</b> Any thread. Each call opens a connection of the data source.</para>
/// </remarks>
public sealed class DbCheckpointStore : ICheckpointStore
{
    private readonly DbDataSource _database;
    private readonly string _table;

    /// <summary>Creates a store. It sends no request to the database yet.</summary>
    /// <param name="database">The database. The caller keeps ownership.</param>
    /// <param name="table">The table's name: letters, digits and <c>_</c>, and a dot after a schema. See <see cref="CreateTableAsync"/>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="database"/> or <paramref name="table"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="table"/> is empty or contains another character.</exception>
    public DbCheckpointStore(DbDataSource database, string table = "rx_checkpoints")
    {
        ArgumentNullException.ThrowIfNull(database);
        Names.ThrowIfInvalidTable(table, nameof(table));
        _database = database;
        _table = table;
    }

    /// <summary>Creates the table if it does not exist, in databases that understand <c>CREATE TABLE IF NOT EXISTS</c>.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A task that completes when the table exists.</returns>
    /// <remarks>In other databases, create a table with the columns <c>name VARCHAR(255) PRIMARY KEY</c>, <c>next_sequence BIGINT NOT NULL</c> and
    /// <c>owner VARCHAR(32) NOT NULL</c>.</remarks>
    /// <exception cref="DbException">The database refuses the statement or cannot be reached.</exception>
    public async Task CreateTableAsync(CancellationToken cancellationToken = default)
    {
        DbConnection connection = await _database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            await ExecuteAsync(
                connection,
                null,
                $"CREATE TABLE IF NOT EXISTS {_table} (name VARCHAR(255) PRIMARY KEY, next_sequence BIGINT NOT NULL, owner VARCHAR(32) NOT NULL)",
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty or contains another character.</exception>
    /// <exception cref="DbException">The database refuses a statement or cannot be reached.</exception>
    public async ValueTask<ICheckpoint> OpenAsync(string name, CancellationToken cancellationToken)
    {
        Names.ThrowIfInvalidCheckpoint(name, nameof(name));
        var owner = Guid.NewGuid().ToString("N");
        DbConnection connection = await _database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                if (await ExecuteAsync(
                    connection, transaction, $"UPDATE {_table} SET owner = @owner WHERE name = @name", cancellationToken, ("@owner", owner), ("@name", name))
                    .ConfigureAwait(false) == 0)
                {
                    await ExecuteAsync(
                        connection,
                        transaction,
                        $"INSERT INTO {_table} (name, next_sequence, owner) VALUES (@name, 0, @owner)",
                        cancellationToken,
                        ("@name", name),
                        ("@owner", owner)).ConfigureAwait(false);
                }

                DbCommand command = Command(connection, transaction, $"SELECT next_sequence FROM {_table} WHERE name = @name", ("@name", name));
                await using (command.ConfigureAwait(false))
                {
                    var next = Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false), null);
                    await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                    return new DbCheckpoint(this, name, owner, next);
                }
            }
        }
    }

    /// <summary>Saves a checkpoint in a transaction of its own.</summary>
    internal async Task SaveAsync(DbCheckpoint checkpoint, long next, CancellationToken cancellationToken)
    {
        DbConnection connection = await _database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            await SaveAsync(checkpoint, next, connection, null, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Saves a checkpoint in a transaction of the caller.</summary>
    /// <remarks>The owner's id does not change with a save, so a transaction that is rolled back leaves nothing to correct here.</remarks>
    internal async Task SaveAsync(
        DbCheckpoint checkpoint, long next, DbConnection connection, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        int rows = await ExecuteAsync(
            connection,
            transaction,
            $"UPDATE {_table} SET next_sequence = CASE WHEN next_sequence < @next THEN @next ELSE next_sequence END WHERE name = @name AND owner = @owner",
            cancellationToken,
            ("@next", next),
            ("@name", checkpoint.Name),
            ("@owner", checkpoint.Owner)).ConfigureAwait(false);
        if (rows == 0)
        {
            throw new CheckpointLostException(checkpoint.Name);
        }
    }

    private static async Task<int> ExecuteAsync(
        DbConnection connection, DbTransaction? transaction, string sql, CancellationToken cancellationToken, params (string Name, object Value)[] parameters)
    {
        DbCommand command = Command(connection, transaction, sql, parameters);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static DbCommand Command(DbConnection connection, DbTransaction? transaction, string sql, params (string Name, object Value)[] parameters)
    {
        DbCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach ((string name, object value) in parameters)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}

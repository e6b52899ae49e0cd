using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using NATS.Client.Core;
using Rx.Nats;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats.Handling;

/// <summary>The base of tests of handlers.</summary>
internal abstract class HandlerFixture : NatsFixture
{
    /// <summary>A store in the test's server.</summary>
    protected NatsCheckpointStore Checkpoints => new(Connection);

    protected NatsHandlerOptions<Reading> HandlerOptions(
        string name = "handler",
        NatsStart? start = null,
        TimeSpan? saveInterval = null,
        int maxConcurrency = 1,
        int maxPending = 256,
        Func<NatsEvent<Reading>, string>? key = null,
        Action<NatsEventFault<Reading>>? reportFault = null,
        string? deadLetters = null,
        NatsPartitions? partitions = null,
        ICheckpointStore? checkpoints = null) => new()
        {
            Name = name,
            Checkpoints = checkpoints ?? Checkpoints,
            Start = start ?? NatsStart.Oldest,
            SaveInterval = saveInterval ?? TimeSpan.FromMilliseconds(50),
            MaxConcurrency = maxConcurrency,
            MaxPending = maxPending,
            PartitionKey = key,
            ReportFault = reportFault,
            DeadLetterSubject = deadLetters,
            Partitions = partitions,
        };

    /// <summary>A handler that notes the events in the order of its calls.</summary>
    protected static (ConcurrentQueue<NatsEvent<Reading>> Handled, Func<NatsEvent<Reading>, CancellationToken, ValueTask> Handler) Note()
    {
        var handled = new ConcurrentQueue<NatsEvent<Reading>>();
        return (handled, (e, _) =>
        {
            handled.Enqueue(e);
            return ValueTask.CompletedTask;
        });
    }

    protected static long[] Sequences(IEnumerable<NatsEvent<Reading>> handled) => [.. handled.Select(e => e.Sequence)];

    protected static IEnumerable<long> Range(long first, int count) => Enumerable.Range((int)first, count).Select(i => (long)i);

    /// <summary>The saved checkpoint: the first event that is not handled. It is read as its owner wrote it, without taking it over.</summary>
    protected async Task<long> SavedAsync(string name = "handler")
    {
        var bucket = new Rx.Nats.Server.KeyValueBucket(Connection, "rx-checkpoints");
        return await bucket.FindAsync(name, CancellationToken.None) is { Value.Length: > 0 } entry
            ? long.Parse(System.Text.Encoding.ASCII.GetString(entry.Value).Split(' ')[0], null)
            : 0;
    }

    /// <summary>Waits until a condition holds, or fails.</summary>
    protected static async Task Becomes(
        Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "", TimeSpan? limit = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(limit ?? Eventually.Limit), what);
            await Task.Delay(5);
        }
    }

    /// <inheritdoc cref="Becomes(Func{Task{bool}}, string, TimeSpan?)"/>
    protected static Task Becomes(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Becomes(() => Task.FromResult(condition()), what);

    protected static async Task Ends<TException>(NatsSubscription handler)
        where TException : Exception =>
        await Assert.ThatAsync(() => Eventually.Ends(handler.Completion), Throws.InstanceOf<TException>());
}

using System.Reactive.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Handlers;

/// <summary>A handler in virtual time whose calls return when the test says so.</summary>
internal sealed class HandlerRun
{
    private readonly List<(int Value, ManualCall Call)> _running = [];

    public HandlerRun(
        StreamConfiguration configuration,
        SubscribeAwaitOptions<int> options,
        Func<EventObservable<int>, EventObservable<int>>? with = null)
    {
        Stream = configuration.Create<int>();
        Subscription = (with ?? (static o => o))(Stream.ObserveOn(Time)).SubscribeAwait(
            (value, token) =>
            {
                Token = token;
                Log.Add($"begin {value}");
                var call = new ManualCall();
                _running.Add((value, call));
                return call.Task;
            },
            new()
            {
                MaxConcurrency = options.MaxConcurrency,
                PartitionKey = options.PartitionKey,
                OnCompleted = () => Log.Add("completed"),
                OnError = error => Log.Add($"error {error.GetType().Name}"),
            });
    }

    public HistoricalScheduler Time { get; } = new();

    public EventStream<int> Stream { get; }

    public EventSubscription Subscription { get; }

    public List<string> Log { get; } = [];

    public CancellationToken Token { get; private set; }

    /// <summary>The events whose calls run, in the order in which the calls began.</summary>
    public IReadOnlyList<int> Running => [.. _running.Select(r => r.Value)];

    public void Publish(params ReadOnlySpan<int> values)
    {
        Stream.OnNextRange(values);
        Time.Start();
    }

    /// <summary>Has the call with an event return, or throw.</summary>
    public void Return(int value, Exception? error = null)
    {
        int index = _running.FindIndex(r => r.Value == value);
        ManualCall call = _running[index].Call;
        _running.RemoveAt(index);
        Log.Add(error is null ? $"end {value}" : $"throw {value}");
        call.Return(error);
        Time.Start();
    }
}

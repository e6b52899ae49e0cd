using System.Reactive.Concurrency;

namespace Rx.Delivery;

/// <summary>How a subscriber or reader joins a stream; what is null is the stream's own.</summary>
/// <param name="Scheduler">Where observers are called, or null.</param>
/// <param name="LagPolicy">What happens when the subscriber lags, or null.</param>
/// <param name="Name">The subscription's name, or null.</param>
/// <param name="MaxBatch">The most events in one scheduled action, or 0: what suits the scheduler.</param>
/// <param name="WaitStrategy">How the subscriber's thread waits for events, or null: asleep.</param>
internal readonly record struct JoinSettings(
    IScheduler? Scheduler = null, LagPolicy? LagPolicy = null, string? Name = null, int MaxBatch = 0,
    WaitStrategy? WaitStrategy = null);

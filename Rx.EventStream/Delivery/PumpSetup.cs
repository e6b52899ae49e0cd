using System.Reactive.Concurrency;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>What every pump is made of.</summary>
/// <param name="Log">The log.</param>
/// <param name="Subscriptions">The list that the pump enters when it starts, which knows where the pump parks.</param>
/// <param name="Cursor">Where it joins; the pump takes it over.</param>
/// <param name="Observer">The observer.</param>
/// <param name="Name">The subscription's name, or null.</param>
/// <param name="Scheduler">Where the observer is called.</param>
/// <param name="MaxBatch">The most events in one scheduled action, or 0: what suits the scheduler.</param>
/// <param name="WaitStrategy">How a thread of the subscription's own waits for events.</param>
/// <param name="Tracing">Makes activities for calls of a handler, or null.</param>
internal readonly record struct PumpSetup<T>(
    EventLog<T> Log,
    PumpList<T> Subscriptions,
    Cursor<T> Cursor,
    IObserver<T> Observer,
    string? Name,
    IScheduler Scheduler,
    int MaxBatch,
    WaitStrategy WaitStrategy,
    HandlerTracing? Tracing = null);

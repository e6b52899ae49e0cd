namespace Rx.Benchmarks.Measuring;

/// <summary>The prepared work of a contender: the part to time, and the cleanup afterwards.</summary>
internal sealed record Session(Action Run, Action? Close = null)
{
    /// <summary>Asynchronous work. The measuring thread, which is not a pool thread, blocks until it completes.</summary>
    public static Session Of(Func<Task> run, Func<Task> close) => new(() => run().GetAwaiter().GetResult(), () => close().GetAwaiter().GetResult());
}

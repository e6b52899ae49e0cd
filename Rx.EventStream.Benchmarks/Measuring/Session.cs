namespace Rx.Benchmarks.Measuring;

/// <summary>A contender made ready: the work to be timed, and what is to be given back afterwards.</summary>
internal sealed record Session(Action Run, Action? Close = null)
{
    /// <summary>Work that waits for others; the measuring thread, which is none of the pool's, waits for it.</summary>
    public static Session Of(Func<Task> run, Func<Task> close) => new(() => run().GetAwaiter().GetResult(), () => close().GetAwaiter().GetResult());
}

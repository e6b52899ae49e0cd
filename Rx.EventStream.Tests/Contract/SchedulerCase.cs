using System.Reactive.Concurrency;

namespace Rx.Tests.Contract;

/// <summary>A kind of scheduler, and what runs its actions.</summary>
internal sealed class SchedulerCase(string name, Func<SchedulerUnderTest> create, SchedulerTraits traits = SchedulerTraits.Concurrent)
{
    /// <summary>Every kind of scheduler that a subscription can be observed on.</summary>
    public static IReadOnlyList<SchedulerCase> All { get; } =
    [
        new("DefaultScheduler", () => new(DefaultScheduler.Instance)),
        new("TaskPoolScheduler.Default", () => new(TaskPoolScheduler.Default)),
        new("TaskPoolScheduler of a factory", () => new(new TaskPoolScheduler(new TaskFactory(TaskScheduler.Default)))),
        new("ThreadPoolScheduler", () => new(ThreadPoolScheduler.Instance)),
        new("EventLoopScheduler", () =>
        {
            var scheduler = new EventLoopScheduler();
            return new(scheduler, dispose: scheduler.Dispose);
        }),
        new("NewThreadScheduler", () => new(new NewThreadScheduler())),
        new("SynchronizationContextScheduler", () =>
        {
            var context = new PumpingContext();
            return new(new SynchronizationContextScheduler(context), dispose: context.Dispose);
        }),
        new("DefaultScheduler, wrapped", () => new(DefaultScheduler.Instance.Catch<Exception>(_ => false))),
        new("DefaultScheduler, optimizations off", () => new(DefaultScheduler.Instance.DisableOptimizations())),
        new("HistoricalScheduler", () =>
        {
            var scheduler = new HistoricalScheduler();
            return new(scheduler, run: scheduler.Start);
        }, SchedulerTraits.RunByTheTest),
        new("TestScheduler", () =>
        {
            var scheduler = new TestScheduler();
            return new(scheduler, run: scheduler.Start);
        }, SchedulerTraits.RunByTheTest),
        new("TestScheduler, wrapped", () =>
        {
            var scheduler = new TestScheduler();
            return new(scheduler.Catch<Exception>(_ => false), run: scheduler.Start);
        }, SchedulerTraits.RunByTheTest),
        new("MarbleScheduler", () =>
        {
            var scheduler = new MarbleScheduler();
            return new(scheduler, run: scheduler.Start);
        }, SchedulerTraits.RunByTheTest),
        new("CurrentThreadScheduler", () => new(CurrentThreadScheduler.Instance), SchedulerTraits.RunsInPlace),
    ];

    /// <summary>The schedulers that run observers on threads other than the publisher's.</summary>
    public static IEnumerable<SchedulerCase> Concurrent => All.Where(c => c.Traits == SchedulerTraits.Concurrent);

    public SchedulerTraits Traits { get; } = traits;

    public SchedulerUnderTest Create() => create();

    public override string ToString() => name;
}

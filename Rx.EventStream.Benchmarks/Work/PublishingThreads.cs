using Rx.Benchmarks.Measuring;

namespace Rx.Benchmarks.Work;

/// <summary>Publishes on several threads at the same time, of which the measuring thread is one.</summary>
internal static class PublishingThreads
{
    /// <summary>Prepares the threads, which begin when the session runs, and share the events between them.</summary>
    public static Session Prepare<TTarget>(TTarget target, int publishers, int events, Countdown done, Action? close = null)
        where TTarget : struct, ITarget<int>
    {
        var start = new Barrier(publishers);
        Thread[] others =
        [
            .. Enumerable.Range(1, publishers - 1).Select(_ => new Thread(() =>
            {
                start.SignalAndWait();
                Publisher.Publish(target, events / publishers);
            })),
        ];
        Array.ForEach(others, static thread => thread.Start());
        return new(
            () =>
            {
                start.SignalAndWait();
                Publisher.Publish(target, events - (events / publishers * (publishers - 1)));
                Array.ForEach(others, static thread => thread.Join());
                done.Wait();
            },
            close);
    }
}

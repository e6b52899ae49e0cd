namespace Rx.Samples.Dashboard;

/// <summary>What a subscriber is called on.</summary>
internal enum SchedulerKind
{
    ThreadPool,
    EventLoop,
    NewThread,
    PublishingThread,
}

namespace Rx.Samples.Dashboard;

/// <summary>The kind of scheduler or thread on which a subscriber is called.</summary>
internal enum SchedulerKind
{
    ThreadPool,
    EventLoop,
    NewThread,
    PublishingThread,
}

namespace Rx.Tests.Contract;

/// <summary>Where a scheduler runs its actions.</summary>
internal enum SchedulerTraits
{
    /// <summary>On a thread of its own, or of a pool.</summary>
    Concurrent,

    /// <summary>When the test says so.</summary>
    RunByTheTest,

    /// <summary>On the thread that schedules, before it returns.</summary>
    RunsInPlace,
}

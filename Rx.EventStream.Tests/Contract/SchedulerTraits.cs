namespace Rx.Tests.Contract;

/// <summary>Where a scheduler runs its actions.</summary>
internal enum SchedulerTraits
{
    /// <summary>On a thread of its own, or on a pool thread.</summary>
    Concurrent,

    /// <summary>When the test runs them.</summary>
    RunByTheTest,

    /// <summary>On the scheduling thread, before <c>Schedule</c> returns.</summary>
    RunsInPlace,
}

namespace Rx.AspNetCore.Dashboard;

/// <summary>The state of the streams at one moment.</summary>
/// <param name="Run">The name of this run of the application.</param>
/// <param name="Time">The seconds since the first frame of the run.</param>
/// <param name="Memory">The size of the managed heap, in bytes.</param>
/// <param name="Streams">The streams.</param>
internal sealed record DashboardFrame(string Run, double Time, long Memory, IReadOnlyList<StreamFrame> Streams);

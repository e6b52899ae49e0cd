using System.Security.Cryptography;

namespace Rx.AspNetCore.Dashboard;

/// <summary>Captures the state of the streams.</summary>
/// <remarks><b>Concurrency.</b> One caller at a time.</remarks>
internal sealed class FrameCamera
{
    private readonly string _run = RandomNumberGenerator.GetHexString(8, lowercase: true);
    private readonly StreamMonitor[] _streams;
    private readonly TimeProvider _time;
    private readonly long _start;

    internal FrameCamera(IReadOnlyList<IEventStream> streams, TimeProvider time)
    {
        _streams = [.. streams.Select(stream => new StreamMonitor(stream))];
        _time = time;
        _start = time.GetTimestamp();
    }

    internal DashboardFrame Capture()
    {
        double time = _time.GetElapsedTime(_start).TotalSeconds;
        return new DashboardFrame(_run, time, GC.GetTotalMemory(forceFullCollection: false), [.. _streams.Select(stream => stream.Capture(time))]);
    }
}

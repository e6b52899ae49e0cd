using Rx.Parking;

namespace Rx.Delivery;

/// <summary>The logs whose events the current thread delivers on a scheduler or in a replay, so that a publisher can tell that it would
/// wait for itself.</summary>
internal static class DeliveryScope
{
    [ThreadStatic]
    private static NestedLogs _logs;

    /// <summary>Whether this thread is inside a delivery of <paramref name="log"/>, however deep.</summary>
    internal static bool IsInside(object log) => _logs.Contains(log);

    /// <summary>Enters a delivery; returns what <see cref="Leave"/> takes.</summary>
    internal static object? Enter(object log) => _logs.Enter(log);

    internal static void Leave(object? outer) => _logs.Leave(outer);

    /// <summary>The logs whose events the current code handles: this thread delivers them, or wakes their readers, or they are in a handler's call
    /// that publishers wait for.</summary>
    internal static object[] HandledLogs()
    {
        List<object> logs = [];
        _logs.AddTo(logs);
        WakingScope.AddLogs(logs);
        HandlerScope.AddLogs(logs);
        return [.. logs];
    }
}

namespace Rx.Parking;

/// <summary>The logs whose readers and pumps the current thread wakes. A scheduler may run actions there, such as a context that runs callbacks inside
/// <c>Post</c>. What blocks in such an action keeps this thread from waking the others.</summary>
internal static class WakingScope
{
    [ThreadStatic]
    private static NestedLogs _logs;

    internal static bool IsInside(object log) => _logs.Contains(log);

    /// <summary>Begins to wake; returns what <see cref="Leave"/> takes.</summary>
    internal static object? Enter(object log) => _logs.Enter(log);

    internal static void Leave(object? outer) => _logs.Leave(outer);

    internal static void AddLogs(List<object> logs) => _logs.AddTo(logs);
}

namespace Rx.Delivery;

/// <summary>The logs whose events the current thread delivers on a scheduler or in a replay, so that a publisher can tell that it would
/// wait for itself.</summary>
internal static class DeliveryScope
{
    [ThreadStatic]
    private static object? _current;

    /// <summary>Whether this thread is inside a delivery of <paramref name="log"/>, however deep.</summary>
    internal static bool IsInside(object log) => ReferenceEquals(_current, log) || (_current is Nested nested && nested.Contains(log));

    /// <summary>Enters a delivery; returns what <see cref="Leave"/> takes.</summary>
    internal static object? Enter(object log)
    {
        object? outer = _current;
        _current = outer is null ? log : new Nested(log, outer);
        return outer;
    }

    internal static void Leave(object? outer) => _current = outer;

    /// <summary>The logs whose events the current code handles: this thread delivers them, or they are in a handler's call that publishers wait
    /// for.</summary>
    internal static object[] HandledLogs()
    {
        List<object> logs = [];
        object? scope = _current;
        for (; scope is Nested nested; scope = nested.Outer)
        {
            logs.Add(nested.Log);
        }

        if (scope is not null)
        {
            logs.Add(scope);
        }

        HandlerScope.AddLogs(logs);
        return [.. logs];
    }

    /// <summary>A delivery inside another one, of any stream: rare, so it may allocate.</summary>
    private sealed class Nested(object log, object outer)
    {
        internal object Log => log;

        internal object Outer => outer;

        internal bool Contains(object other) =>
            ReferenceEquals(log, other) || ReferenceEquals(outer, other) || (outer is Nested next && next.Contains(other));
    }
}

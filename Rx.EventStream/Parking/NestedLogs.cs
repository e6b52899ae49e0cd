namespace Rx.Parking;

/// <summary>The logs that a thread has to do with, one inside the other. A mutable struct, for a field of the thread: always used in place.</summary>
internal struct NestedLogs
{
    /// <summary>The innermost log, or a <see cref="Nested"/>; null outside of all.</summary>
    private object? _current;

    internal readonly bool Contains(object log) =>
        ReferenceEquals(_current, log) || (_current is Nested nested && nested.Contains(log));

    /// <summary>Enters a log; returns what <see cref="Leave"/> takes.</summary>
    internal object? Enter(object log)
    {
        object? outer = _current;
        _current = outer is null ? log : new Nested(log, outer);
        return outer;
    }

    internal void Leave(object? outer) => _current = outer;

    internal readonly void AddTo(List<object> logs)
    {
        object? scope = _current;
        for (; scope is Nested nested; scope = nested.Outer)
        {
            logs.Add(nested.Log);
        }

        if (scope is not null)
        {
            logs.Add(scope);
        }
    }

    /// <summary>A log inside another one: rare, so it may allocate.</summary>
    private sealed class Nested(object log, object outer)
    {
        internal object Log => log;

        internal object Outer => outer;

        internal bool Contains(object other) =>
            ReferenceEquals(log, other) || ReferenceEquals(outer, other) || (outer is Nested next && next.Contains(other));
    }
}

namespace Rx.Delivery;

/// <summary>The running calls of a handler that publishers wait for, so that a publisher inside such a call can tell that it would wait for
/// itself.</summary>
/// <param name="log">What the handler subscribes to.</param>
/// <remarks>A call flows with the execution context, so it is known wherever code runs that the handler awaits or has started. A call that has
/// returned may still flow somewhere, but counts no longer. Nor does any call once the subscription has ended, when no publisher waits for
/// it.</remarks>
internal sealed class HandlerScope(object log)
{
    private static readonly AsyncLocal<Call?> _current = new();

    /// <summary>The log until the subscription has ended. Cleared with release by the thread that ends it, read with acquire by
    /// publishers.</summary>
    private object? _log = log;

    /// <summary>Whether the current code runs in a call of a handler that publishers to <paramref name="log"/> wait for.</summary>
    internal static bool IsInside(object log)
    {
        Call? call = _current.Value;
        while (call is not null && !ReferenceEquals(call.Log, log))
        {
            call = call.Outer;
        }

        return call is not null;
    }

    /// <summary>Adds the logs of which <see cref="IsInside"/> is true.</summary>
    internal static void AddLogs(List<object> logs)
    {
        for (Call? call = _current.Value; call is not null; call = call.Outer)
        {
            if (call.Log is { } log)
            {
                logs.Add(log);
            }
        }
    }

    /// <summary>Begins a call on the current thread.</summary>
    internal Call Enter()
    {
        Call? outer = _current.Value;
        while (outer is { HasReturned: true })
        {
            outer = outer.Outer; // else handlers that subscribe handlers would make a chain without end
        }

        var call = new Call(this, outer);
        _current.Value = call;
        return call;
    }

    /// <summary>The subscription has ended.</summary>
    internal void End() => Volatile.Write(ref _log, null);

    /// <summary>One call.</summary>
    internal sealed class Call(HandlerScope scope, Call? outer)
    {
        /// <summary>Written with release by the thread on which the call returns, read with acquire by publishers.</summary>
        private bool _hasReturned;

        /// <summary>The call in which the handler was subscribed, if that is one.</summary>
        internal Call? Outer => outer;

        internal bool HasReturned => Volatile.Read(ref _hasReturned);

        /// <summary>The log whose publishers wait for the call; null if they do no more.</summary>
        internal object? Log => HasReturned ? null : Volatile.Read(ref scope._log);

        /// <summary>The handler has given its thread back.</summary>
        internal void Leave() => _current.Value = outer;

        internal void Return() => Volatile.Write(ref _hasReturned, true);
    }
}

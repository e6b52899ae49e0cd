using Rx.Parking;

namespace Rx.Delivery;

/// <summary>What is done once when a subscription has ended.</summary>
/// <remarks>
/// <code>
///   Pending (none, or some actions) --Run--> Done
/// </code>
/// An action that is added after the end runs at once. A mutable struct: always used in place.
/// </remarks>
internal struct EndActionState
{
    private static readonly Action _done = static () => { };

    private Action? _actions;

    /// <summary>Adds an action, or runs it if the subscription has ended. The CAS publishes what the action needs; pairs with the exchange
    /// in <see cref="Run"/>.</summary>
    internal void Add(Action action)
    {
        Action? seen = Volatile.Read(ref _actions);
        while (!ReferenceEquals(seen, _done))
        {
            Action? found = Interlocked.CompareExchange(ref _actions, seen + action, seen);
            if (ReferenceEquals(found, seen))
            {
                return;
            }

            seen = found;
        }

        action();
    }

    /// <summary>Pending to Done: runs the actions, each of them although another throws, and returns what they threw. Only the first call
    /// runs them.</summary>
    internal ErrorList Run()
    {
        ErrorList errors = default;
        foreach (Action action in Delegate.EnumerateInvocationList(Interlocked.Exchange(ref _actions, _done)))
        {
            errors.Run(action);
        }

        return errors;
    }
}

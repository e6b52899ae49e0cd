using System.Runtime.ExceptionServices;

namespace Rx.Parking;

/// <summary>Exceptions of foreign code that are kept until every observer has been called.</summary>
/// <remarks>A mutable struct: pass it by reference, or return it.</remarks>
internal struct ErrorList
{
    private List<Exception>? _errors;

    internal readonly bool IsEmpty => _errors is null;

    internal void Add(Exception error) => (_errors ??= []).Add(error);

    /// <summary>Runs foreign code, and keeps what it throws.</summary>
    internal void Run(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error)
        {
            Add(error);
        }
    }

    internal void AddRange(ErrorList others)
    {
        if (_errors is null)
        {
            _errors = others._errors;
        }
        else if (others._errors is { } more)
        {
            _errors.AddRange(more);
        }
    }

    /// <summary>Throws a single exception as it was, several as an <see cref="AggregateException"/>; returns if there is none.</summary>
    internal readonly void Throw()
    {
        if (_errors is null)
        {
            return;
        }

        if (_errors.Count > 1)
        {
            throw new AggregateException(_errors);
        }

        ExceptionDispatchInfo.Throw(_errors[0]);
    }
}

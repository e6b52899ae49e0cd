using System.Collections;
using System.Reactive;
using Rx.Testing.Syntax;

namespace Rx.Testing;

/// <summary>What the characters of marbles stand for: values, and errors.</summary>
/// <remarks>
/// <code>
/// new MarbleValues&lt;int&gt; { { 'a', 10 }, { 'b', 20 }, { 'x', new TimeoutException() } }
/// </code>
/// The entry <c>'#'</c> is the error that <c>#</c> stands for. <b>Concurrency:</b> any number of threads may read a map that no thread changes.
/// </remarks>
/// <typeparam name="T">The type of the values.</typeparam>
public sealed class MarbleValues<T> : IEnumerable<KeyValuePair<char, Notification<T>>>
{
    private readonly Dictionary<char, Notification<T>> _notifications = [];

    /// <summary>Creates an empty map.</summary>
    public MarbleValues()
    {
    }

    /// <summary>Creates a map of values.</summary>
    /// <exception cref="ArgumentException">A character is part of the syntax of marbles.</exception>
    public MarbleValues(IReadOnlyDictionary<char, T> values)
    {
        ArgumentNullException.ThrowIfNull(values);

        foreach ((char mark, T value) in values)
        {
            Add(mark, value);
        }
    }

    internal MarbleValues(ReadOnlySpan<(char Mark, T Value)> values)
    {
        foreach ((char mark, T value) in values)
        {
            Add(mark, value);
        }
    }

    internal MarbleValues(Exception? error)
    {
        if (error is not null)
        {
            Add(Mark.Error, error);
        }
    }

    /// <summary>Adds a value.</summary>
    /// <exception cref="ArgumentException">The character is part of the syntax of marbles, or it has a value already.</exception>
    public void Add(char mark, T value) =>
        Add(mark, Notification.CreateOnNext(value), Mark.IsValue(mark));

    /// <summary>Adds an error. The character <c>'#'</c> is allowed here.</summary>
    /// <exception cref="ArgumentException">The character is part of the syntax of marbles, or it has a value already.</exception>
    public void Add(char mark, Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        Add(mark, Notification.CreateOnError<T>(error), mark == Mark.Error || Mark.IsValue(mark));
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<char, Notification<T>>> GetEnumerator() => _notifications.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal Notification<T>? Find(char symbol) => _notifications.GetValueOrDefault(symbol);

    private void Add(char mark, Notification<T> notification, bool isAllowed)
    {
        if (!isAllowed)
        {
            throw new ArgumentException($"The character '{mark}' cannot stand for that in marbles.", nameof(mark));
        }

        _notifications.Add(mark, notification);
    }
}

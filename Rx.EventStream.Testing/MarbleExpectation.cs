using Rx.Testing.Checks;
using Rx.Testing.Syntax;

namespace Rx.Testing;

/// <summary>What a recording should be. The scheduler checks it when it has nothing left to run.</summary>
/// <remarks>
/// A value is compared by frame and order: with its entry in the map, or with the character itself if there is none. Values are equal if
/// their type says so; collections also if their elements are. <c>#</c> matches any error, unless one is given: that matches an error of the
/// same type with the same message.
/// <para><b>Concurrency:</b> use it on one thread.</para>
/// </remarks>
/// <typeparam name="T">The type of the values.</typeparam>
public sealed class MarbleExpectation<T>
{
    private readonly MarbleRecording<T> _recording;
    private readonly string _name;

    internal MarbleExpectation(MarbleRecording<T> recording, string name) => (_recording, _name) = (recording, name);

    /// <summary>Expects these marbles. A character without a value in the list is a value whose text is this character.</summary>
    /// <exception cref="FormatException">The marbles have a mistake. The message shows where.</exception>
    /// <exception cref="MarbleException">The scheduler has run already, and the recording differs.</exception>
    public void ToBe(string marbles, params ReadOnlySpan<(char Mark, T Value)> values) => ToBe(marbles, new MarbleValues<T>(values));

    /// <summary>Expects these marbles, in which <c>#</c> is an error of the same type and with the same message.</summary>
    /// <inheritdoc cref="ToBe(string, ReadOnlySpan{ValueTuple{char, T}})"/>
    public void ToBe(string marbles, Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        ToBe(marbles, new MarbleValues<T>(error));
    }

    /// <inheritdoc cref="ToBe(string, ReadOnlySpan{ValueTuple{char, T}})"/>
    public void ToBe(string marbles, IReadOnlyDictionary<char, T> values) => ToBe(marbles, new MarbleValues<T>(values));

    /// <inheritdoc cref="ToBe(string, ReadOnlySpan{ValueTuple{char, T}})"/>
    public void ToBe(string marbles, MarbleValues<T> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        IReadOnlyList<Mark> expected = LineParser.Parse(marbles, LineKind.Notifications, _recording.Scheduler.Frame);
        _recording.Scheduler.Check(() => RecordingCheck.Failure(_recording, _name, expected, values));
    }
}

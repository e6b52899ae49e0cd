using Rx.Testing.Checks;
using Rx.Testing.Syntax;

namespace Rx.Testing;

/// <summary>What an observable of observables should be. The scheduler checks it when it has nothing left to run.</summary>
/// <remarks><b>Concurrency:</b> use it on one thread.</remarks>
/// <typeparam name="T">The type of the inner values.</typeparam>
public sealed class MarbleNestedExpectation<T>
{
    private readonly MarbleNestedRecording<T> _recording;
    private readonly string _name;

    internal MarbleNestedExpectation(MarbleNestedRecording<T> recording, string name) => (_recording, _name) = (recording, name);

    /// <summary>Expects these marbles, in which each value is an inner observable with marbles of its own.</summary>
    /// <param name="marbles">The outer marbles.</param>
    /// <param name="inner">The marbles of each inner observable. Their frame 0 is the frame in which the inner observable came.</param>
    /// <exception cref="FormatException">The marbles have a mistake. The message shows where.</exception>
    /// <exception cref="ArgumentException">A value of the outer marbles has no inner marbles.</exception>
    /// <exception cref="MarbleException">The scheduler has run already, and the recording differs.</exception>
    public void ToBe(string marbles, params ReadOnlySpan<(char Mark, string Marbles)> inner) => ToBe(marbles, [], inner);

    /// <param name="marbles">The outer marbles.</param>
    /// <param name="values">What the characters of the inner marbles stand for.</param>
    /// <param name="inner">The marbles of each inner observable. Their frame 0 is the frame in which the inner observable came.</param>
    /// <inheritdoc cref="ToBe(string, ReadOnlySpan{ValueTuple{char, string}})"/>
    public void ToBe(string marbles, MarbleValues<T> values, params ReadOnlySpan<(char Mark, string Marbles)> inner)
    {
        ArgumentNullException.ThrowIfNull(values);
        MarbleScheduler scheduler = _recording.Outer.Scheduler;
        IReadOnlyList<Mark> outer = LineParser.Parse(marbles, LineKind.Notifications, scheduler.Frame);
        var lanes = new Dictionary<char, IReadOnlyList<Mark>>();

        foreach ((char mark, string line) in inner)
        {
            lanes[mark] = LineParser.Parse(line, LineKind.Notifications, scheduler.Frame);
        }

        char[] names = [.. outer.Select(mark => mark.Symbol).Where(Mark.IsValue)];

        if (names.Any(name => !lanes.ContainsKey(name)))
        {
            throw new ArgumentException($"The inner observable '{names.First(name => !lanes.ContainsKey(name))}' of \"{marbles}\" has no marbles.", nameof(inner));
        }

        IReadOnlyList<IReadOnlyList<Mark>> expected = [.. names.Select(name => lanes[name])];
        scheduler.Check(() => new NestedLines<T>(_recording, names, values).Failure(_name, outer, expected));
    }
}

using System.Globalization;
using Rx.Testing.Syntax;

namespace Rx.Testing;

public sealed partial class MarbleScheduler
{
    /// <summary>A source that plays the marbles once, whether or not it has observers. Each value is its character.</summary>
    /// <param name="marbles">The marbles. <c>^</c> is frame 0; what is left of it comes before.</param>
    /// <param name="error">The error of <c>#</c>; <see cref="Marbles.Error"/> if null.</param>
    /// <exception cref="FormatException">The marbles have a mistake. The message shows where.</exception>
    /// <exception cref="InvalidOperationException">The scheduler has run past the first mark.</exception>
    public MarbleSource<char> Hot(string marbles, Exception? error = null) => Create(marbles, LineKind.Hot, new MarbleValues<char>(error), c => c);

    /// <summary>A source that plays the marbles once, whether or not it has observers. Each value is parsed from its character.</summary>
    /// <inheritdoc cref="Hot(string, Exception)"/>
    public MarbleSource<T> Hot<T>(string marbles, Exception? error = null)
        where T : IParsable<T> => Create(marbles, LineKind.Hot, new MarbleValues<T>(error), Parse<T>);

    /// <summary>A source that plays the marbles once, whether or not it has observers.</summary>
    /// <param name="marbles">The marbles. <c>^</c> is frame 0; what is left of it comes before.</param>
    /// <param name="values">What the characters stand for.</param>
    /// <exception cref="FormatException">The marbles have a mistake. The message shows where.</exception>
    /// <exception cref="InvalidOperationException">The scheduler has run past the first mark.</exception>
    public MarbleSource<T> Hot<T>(string marbles, params ReadOnlySpan<(char Mark, T Value)> values) => Hot(marbles, new MarbleValues<T>(values));

    /// <inheritdoc cref="Hot{T}(string, ReadOnlySpan{ValueTuple{char, T}})"/>
    public MarbleSource<T> Hot<T>(string marbles, IReadOnlyDictionary<char, T> values) => Hot(marbles, new MarbleValues<T>(values));

    /// <inheritdoc cref="Hot{T}(string, ReadOnlySpan{ValueTuple{char, T}})"/>
    public MarbleSource<T> Hot<T>(string marbles, MarbleValues<T> values) => Create(marbles, LineKind.Hot, values, parse: null);

    /// <summary>A source that plays the marbles for each observer. Frame 0 is that of the subscription. Each value is its character.</summary>
    /// <param name="marbles">The marbles.</param>
    /// <param name="error">The error of <c>#</c>; <see cref="Marbles.Error"/> if null.</param>
    /// <exception cref="FormatException">The marbles have a mistake. The message shows where.</exception>
    public MarbleSource<char> Cold(string marbles, Exception? error = null) =>
        Create(marbles, LineKind.Notifications, new MarbleValues<char>(error), c => c);

    /// <summary>A source that plays the marbles for each observer. Frame 0 is that of the subscription. Each value is parsed from its character.</summary>
    /// <inheritdoc cref="Cold(string, Exception)"/>
    public MarbleSource<T> Cold<T>(string marbles, Exception? error = null)
        where T : IParsable<T> => Create(marbles, LineKind.Notifications, new MarbleValues<T>(error), Parse<T>);

    /// <summary>A source that plays the marbles for each observer. Frame 0 is that of the subscription.</summary>
    /// <param name="marbles">The marbles.</param>
    /// <param name="values">What the characters stand for.</param>
    /// <exception cref="FormatException">The marbles have a mistake. The message shows where.</exception>
    public MarbleSource<T> Cold<T>(string marbles, params ReadOnlySpan<(char Mark, T Value)> values) => Cold(marbles, new MarbleValues<T>(values));

    /// <inheritdoc cref="Cold{T}(string, ReadOnlySpan{ValueTuple{char, T}})"/>
    public MarbleSource<T> Cold<T>(string marbles, IReadOnlyDictionary<char, T> values) => Cold(marbles, new MarbleValues<T>(values));

    /// <inheritdoc cref="Cold{T}(string, ReadOnlySpan{ValueTuple{char, T}})"/>
    public MarbleSource<T> Cold<T>(string marbles, MarbleValues<T> values) => Create(marbles, LineKind.Notifications, values, parse: null);

    private static T Parse<T>(char symbol)
        where T : IParsable<T> => T.Parse(symbol.ToString(), CultureInfo.InvariantCulture);

    private MarbleSource<T> Create<T>(string marbles, LineKind kind, MarbleValues<T> values, Func<char, T>? parse)
    {
        ArgumentNullException.ThrowIfNull(values);
        return new MarbleSource<T>(
            this,
            [.. LineParser.Parse(marbles, kind, Frame).Select(mark => (mark.Frame * Frame.Ticks, Marbles.Resolve(values, mark.Symbol, marbles, parse)))],
            isHot: kind == LineKind.Hot);
    }
}

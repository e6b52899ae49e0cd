using System.Reactive;
using Rx.Testing.Syntax;

namespace Rx.Testing.Checks;

/// <summary>Gives each notification the character that stands for it in a marble line, and the legend of these characters.</summary>
/// <remarks>
/// A value that is in the map has its character there. A value whose text is one character stands for itself. All others get a letter.
/// </remarks>
internal sealed class Symbols<T>
{
    private readonly MarbleValues<T> _values;
    private readonly HashSet<char> _taken;
    private readonly Dictionary<string, char> _letters = [];
    private readonly SortedDictionary<char, string> _legend = [];

    /// <summary>The characters in <paramref name="taken"/> have a meaning already, so that no other value gets them.</summary>
    public Symbols(MarbleValues<T> values, IEnumerable<char> taken)
    {
        _values = values;
        _taken = [.. taken, .. values.Select(entry => entry.Key)];
    }

    /// <summary>What each character stands for, if it does not stand for itself.</summary>
    public IEnumerable<string> Legend => _legend.Select(entry => $"{entry.Key} = {entry.Value}");

    public IReadOnlyList<Mark> MarksOf(IEnumerable<(long Frame, Notification<T> Notification)> notifications)
    {
        (long Frame, Notification<T> Notification)[] all = [.. notifications];

        // Values that stand for themselves come first, so that no letter is given to a value that is another value's own.
        foreach ((_, Notification<T> notification) in all)
        {
            if (InMap(notification) is null && OwnSymbol(notification) is { } own)
            {
                _taken.Add(own);
            }
        }

        return [.. all.Select(n => new Mark(n.Frame, SymbolOf(n.Notification)))];
    }

    /// <summary>Tells in the legend what a character of the map stands for.</summary>
    public void Explain(char symbol)
    {
        if (_values.Find(symbol) is { } notification)
        {
            Explain(symbol, notification);
        }
    }

    private char SymbolOf(Notification<T> notification)
    {
        if (InMap(notification) is { } mapped)
        {
            Explain(mapped, notification);
            return mapped;
        }

        return notification.Kind switch
        {
            NotificationKind.OnCompleted => Mark.Completed,
            NotificationKind.OnError => Mark.Error,
            _ => OwnSymbol(notification) ?? LetterOf(notification),
        };
    }

    private char? InMap(Notification<T> notification)
    {
        foreach ((char symbol, Notification<T> mapped) in _values)
        {
            if (ValueText.AreEqual(mapped, notification))
            {
                return symbol;
            }
        }

        return null;
    }

    /// <summary>The value's text, if it is one character that does not stand for another value.</summary>
    private char? OwnSymbol(Notification<T> notification) =>
        notification.HasValue && ValueText.Of(notification.Value) is [var own] && Mark.IsValue(own) && _values.Find(own) is null ? own : null;

    private char LetterOf(Notification<T> notification)
    {
        string text = ValueText.Of(notification.Value);

        if (!_letters.TryGetValue(text, out char letter))
        {
            letter = Letters().First(_taken.Add);
            _letters.Add(text, letter);
            Explain(letter, notification);
        }

        return letter;
    }

    private void Explain(char symbol, Notification<T> notification)
    {
        string text = notification.HasValue ? ValueText.Of(notification.Value) : ValueText.Of(notification);

        if (text != symbol.ToString())
        {
            _legend[symbol] = text;
        }
    }

    /// <summary>The Latin letters first, then all others.</summary>
    private static IEnumerable<char> Letters() =>
        Enumerable.Range('a', 26).Concat(Enumerable.Range('A', 26)).Concat(Enumerable.Range(0x100, char.MaxValue - 0x100))
            .Select(code => (char)code).Where(char.IsLetter);
}

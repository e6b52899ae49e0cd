namespace Rx.Testing.Syntax;

/// <summary>One mark of a marble line: a character that stands for something that happens in a frame.</summary>
internal readonly record struct Mark(long Frame, char Symbol)
{
    public const char Completed = '|';
    public const char Error = '#';
    public const char Subscribe = '^';
    public const char Unsubscribe = '!';

    /// <summary>Whether the character can stand for a value.</summary>
    public static bool IsValue(char symbol) =>
        !(symbol is '-' or '(' or ')' or Completed or Error or Subscribe or Unsubscribe)
        && !char.IsWhiteSpace(symbol) && !char.IsControl(symbol) && !char.IsSurrogate(symbol);
}

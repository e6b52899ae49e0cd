using System.Text.RegularExpressions;

namespace Rx.Nats.Handling;

/// <summary>Which names a handler, a bucket, a checkpoint and a table can have.</summary>
internal static partial class Names
{
    internal static void ThrowIfInvalid(string name, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        if (!Word().IsMatch(name))
        {
            throw new ArgumentException($"'{name}' is not a valid name: use letters, digits, '-' and '_'.", parameter);
        }
    }

    /// <summary>As the name of a handler, but with dots between words: a handler's name and the number of a partition.</summary>
    internal static void ThrowIfInvalidCheckpoint(string name, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        if (!Words().IsMatch(name))
        {
            throw new ArgumentException($"'{name}' is not a valid name of a checkpoint: use letters, digits, '-' and '_', and dots between them.", parameter);
        }
    }

    internal static void ThrowIfInvalidTable(string table, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(table, parameter);
        if (!Table().IsMatch(table))
        {
            throw new ArgumentException($"'{table}' is not a valid name of a table: use letters, digits and '_', and a dot after a schema.", parameter);
        }
    }

    [GeneratedRegex(@"\A[-_a-zA-Z0-9]+\z")]
    private static partial Regex Word();

    [GeneratedRegex(@"\A[-_a-zA-Z0-9]+(\.[-_a-zA-Z0-9]+)*\z")]
    private static partial Regex Words();

    [GeneratedRegex(@"\A[_a-zA-Z][_a-zA-Z0-9]*(\.[_a-zA-Z][_a-zA-Z0-9]*)?\z")]
    private static partial Regex Table();
}

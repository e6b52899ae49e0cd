using System.Globalization;

namespace Rx.Hosting.Configuration;

/// <summary>Reads what <see cref="LagPolicy.ToString"/> and <see cref="Retention.ToString"/> write.</summary>
internal static class PolicyText
{
    internal const string LagPolicies = "Unbounded, Latest, DropOldest(n), Fail(n) or Wait(n), with n from 1 to 2147483647";
    internal const string Retentions =
        "None, All, Count(n), Time(t) or CountAndTime(n, t), with n from 1 to 2147483647 and t as hours:minutes:seconds, such as 00:05:00";

    /// <exception cref="FormatException">The text is no lag policy.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of range.</exception>
    internal static LagPolicy ReadLagPolicy(string text) => Split(text) switch
    {
        ["unbounded"] => LagPolicy.Unbounded,
        ["latest"] => LagPolicy.Latest,
        ["dropoldest", var capacity] => LagPolicy.DropOldest(ReadNumber(capacity)),
        ["fail", var capacity] => LagPolicy.Fail(ReadNumber(capacity)),
        ["wait", var capacity] => LagPolicy.Wait(ReadNumber(capacity)),
        _ => throw new FormatException(),
    };

    /// <exception cref="FormatException">The text is no retention.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    internal static Retention ReadRetention(string text) => Split(text) switch
    {
        ["none"] => Retention.None,
        ["all"] => Retention.All,
        ["count", var count] => Retention.Count(ReadNumber(count)),
        ["time", var age] => Retention.Time(ReadTime(age)),
        ["countandtime", var count, var age] => Retention.CountAndTime(ReadNumber(count), ReadTime(age)),
        _ => throw new FormatException(),
    };

    /// <exception cref="FormatException">The text is no whole number.</exception>
    /// <exception cref="OverflowException">The number is too large.</exception>
    internal static int ReadNumber(string text) => int.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    /// <summary>The name in lower case, then the arguments.</summary>
    private static string[] Split(string text)
    {
        text = text.Trim();
        int open = text.IndexOf('(', StringComparison.Ordinal);
        return open < 0 ? [text.ToLowerInvariant()]
            : text.EndsWith(')')
                ? [text[..open].TrimEnd().ToLowerInvariant(), .. text[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries)]
                : throw new FormatException();
    }

    /// <remarks>A number alone would be read as days.</remarks>
    private static TimeSpan ReadTime(string text) =>
        text.Contains(':', StringComparison.Ordinal) ? TimeSpan.ParseExact(text, "c", CultureInfo.InvariantCulture) : throw new FormatException();
}

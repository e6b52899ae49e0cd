using System.Globalization;
using System.Text.RegularExpressions;

namespace Rx.Testing.Syntax;

/// <summary>A long pause as text: <c>250ms</c>, <c>2s</c>, <c>1m</c>, or <c>500f</c> for a number of frames.</summary>
internal static partial class TimeProgression
{
    /// <summary>The progression at the index of the line, if there is one: it stands alone between spaces or at an end of the line.</summary>
    public static Match Match(string line, int index) =>
        index == 0 || char.IsWhiteSpace(line[index - 1]) ? Pattern().Match(line, index) : System.Text.RegularExpressions.Match.Empty;

    /// <summary>Whether values in frames one after the other read as a progression.</summary>
    public static bool IsReadFrom(string symbols) => Match(symbols, 0).Length == symbols.Length && symbols.Length > 0;

    /// <summary>How many frames the progression takes, or null if it does not end at the end of a frame.</summary>
    public static long? Frames(Match progression, long ticksPerFrame)
    {
        if (!decimal.TryParse(progression.Groups[1].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal amount))
        {
            return null;
        }

        decimal unit = progression.Groups[2].Value switch
        {
            "ms" => TimeSpan.TicksPerMillisecond,
            "s" => TimeSpan.TicksPerSecond,
            "m" => TimeSpan.TicksPerMinute,
            _ => ticksPerFrame,
        };

        // A long time in large units is more ticks than a clock has.
        return amount <= long.MaxValue / 2 / unit && amount * unit % ticksPerFrame == 0 ? (long)(amount * unit / ticksPerFrame) : null;
    }

    /// <summary>The shortest text for a number of frames.</summary>
    public static string Of(long frames, long ticksPerFrame)
    {
        Int128 ticks = (Int128)frames * ticksPerFrame;
        (Int128 amount, string unit) =
            ticks % TimeSpan.TicksPerMinute == 0 ? (ticks / TimeSpan.TicksPerMinute, "m")
            : ticks % TimeSpan.TicksPerSecond == 0 ? (ticks / TimeSpan.TicksPerSecond, "s")
            : ticks % TimeSpan.TicksPerMillisecond == 0 ? (ticks / TimeSpan.TicksPerMillisecond, "ms")
            : (frames, "f");
        return string.Create(CultureInfo.InvariantCulture, $"{amount}{unit}");
    }

    [GeneratedRegex(@"\G([0-9]+(?:\.[0-9]+)?)(ms|s|m|f)(?=\s|\z)")]
    private static partial Regex Pattern();
}

using Rx.Benchmarks.Measuring;

namespace Rx.Benchmarks;

/// <summary>What the command line asks for.</summary>
/// <param name="Only">A scenario, or the beginning of a few; null for all.</param>
/// <param name="Json">Where to write the results, or null.</param>
/// <param name="Page">The page to put the table on, or null.</param>
/// <param name="Repetitions">How often each contender is measured; odd.</param>
internal sealed record Options(string? Only, string? Json, string? Page, int Repetitions)
{
    private const int MaxRepetitions = 999;

    /// <param name="args">Options, each with its value.</param>
    /// <param name="known">The options that there are.</param>
    /// <exception cref="UsageException">An argument is unknown or lacks its value.</exception>
    public static Options Parse(ReadOnlySpan<string> args, params string[] known)
    {
        var options = new Options(null, null, null, Comparison.DefaultRepetitions);
        for (int i = 0; i < args.Length; i += 2)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            options = (args[i], value) switch
            {
                (var unknown, _) when !known.Contains(unknown) => throw new UsageException($"There is no option '{unknown}'."),
                (_, null) => throw new UsageException($"{args[i]} needs a value."),
                ("--only", _) => options with { Only = value },
                ("--json", _) => options with { Json = value },
                ("--repetitions", _) => options with { Repetitions = ParseRepetitions(value) },
                _ => options with { Page = value },
            };
        }

        return options;
    }

    /// <remarks>Odd, so that a median is a repetition that was.</remarks>
    private static int ParseRepetitions(string value) =>
        int.TryParse(value, out int count) && count is > 0 and <= MaxRepetitions && int.IsOddInteger(count)
            ? count
            : throw new UsageException($"--repetitions takes an odd number from 1 to {MaxRepetitions}, not '{value}'.");
}

using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Output;
using Rx.Benchmarks.Scenarios;
using Rx.Benchmarks.Work;

namespace Rx.Benchmarks;

/// <summary>What the program can do.</summary>
internal static class Commands
{
    public const string Help = """
        Compares EventStream with its peers, side by side in one process.

        dotnet run -c Release --project Rx.EventStream.Benchmarks -- COMMAND

          compare [--only SCENARIO] [--json FILE] [--repetitions N]
                    the comparison, or those scenarios of it whose names begin so;
                    medians of 7 repetitions, or of N; exit code 1 if a target is missed
          report [--json FILE]
                    the whole comparison, written to docs/performance.md and its charts
          nats [--only SCENARIO] [--json FILE] [--page FILE]
                    the shared stream and the plain NATS.Net client, on a nats-server started for it;
                    --page docs/scaling.md writes the table there
          bdn [--filter PATTERN] ...
                    the same work under BenchmarkDotNet, with its own options
        """;

    /// <summary>The charts: name, title, and the figures they show.</summary>
    private static readonly (string Name, string Title, string[] Figures)[] _charts =
    [
        ("inline", "Publishing on one thread: ns per event", ["publish-0", "inline-1", "inline-1-multi", "inline-10", "inline-10-multi", "replay-live"]),
        ("fanout", "Publishing to observers on the thread pool: ns per event", ["fanout-1", "fanout-4", "fanout-16", "fanout-100"]),
        ("latency", "One event to an idle observer: ns", ["pingpong", "wake", "wake-p99"]),
        ("memory", "Live bytes: per event of a backlog, and of an unused stream", ["backlog", "idle"]),
    ];

    /// <summary>Compares side by side; 1 if a target was missed.</summary>
    public static int Compare(Options options) => Print(RunAll(Chosen(options, Catalogue.All), options), options);

    /// <summary>Compares the shared stream with what it is built on; 1 if a target was missed.</summary>
    public static int Nats(Options options)
    {
        if (options is { Page: not null, Only: not null })
        {
            throw new UsageException("A page has all scenarios: with --page there is no --only.");
        }

        if (options.Page is { } given && !File.Exists(given))
        {
            throw new UsageException($"There is no {given} here.");
        }

        using NatsServer server = NatsServer.Start();
        using var streams = new NatsStreams(server);
        IReadOnlyList<Result> results = RunAll(Chosen(options, NatsScenarios.Of(streams)), options);
        if (options.Page is { } page)
        {
            FiguresPage.Write(page, "nats", [.. Machine.Lines, $"server: {streams.ServerVersion}, on the same machine"], results);
        }

        return Print(results, options);
    }

    /// <summary>Compares everything, and writes the page and its charts; 1 if a target was missed.</summary>
    public static int Report(Options options)
    {
        const string Docs = "docs";
        const string Page = $"{Docs}/performance.md";
        if (options.Only is not null)
        {
            throw new UsageException("A report has all scenarios: it takes no --only.");
        }

        if (!File.Exists(Page))
        {
            throw new UsageException($"There is no {Page} here. Run this in the folder of the solution.");
        }

        IReadOnlyList<Result> results = RunAll(Catalogue.All, options);
        FiguresPage.Write(Page, "report", Machine.Lines, results);
        foreach ((string name, string title, string[] figures) in _charts)
        {
            Charts.Draw($"{Docs}/images", $"performance-{name}", title, [.. results.Where(r => figures.Contains(r.Figure.Name))]);
        }

        return Print(results, options);
    }

    private static IReadOnlyList<Scenario> Chosen(Options options, IReadOnlyList<Scenario> all)
    {
        IReadOnlyList<Scenario> chosen = options.Only is { } only ? Catalogue.Named(only, all) : all;
        return chosen.Count > 0
            ? chosen
            : throw new UsageException($"There is no scenario '{options.Only}'. There are: {string.Join(", ", all.SelectMany(s => s.Figures).Select(f => f.Name))}.");
    }

    private static int Print(IReadOnlyList<Result> results, Options options)
    {
        ComparisonTable.Print(results);
        if (options.Json is { } path)
        {
            ComparisonJson.Write(path, results);
        }

        return results.Any(static r => r.IsMet == false) ? 1 : 0;
    }

    private static List<Result> RunAll(IReadOnlyList<Scenario> scenarios, Options options)
    {
        var progress = new ProgressLine(scenarios.Count);
        var results = new List<Result>();
        foreach (Scenario scenario in scenarios)
        {
            progress.Begin(scenario.Name);
            results.AddRange(Comparison.Run(scenario, options.Repetitions, progress.Report));
        }

        progress.End();
        return results;
    }
}

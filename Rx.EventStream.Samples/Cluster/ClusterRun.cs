using System.Runtime.CompilerServices;
using Rx.Samples.Chatterbox;
using Spectre.Console;

namespace Rx.Samples.Cluster;

/// <summary>The cluster while it runs: its processes, somebody who counts in the room, and the commands that kill and start.</summary>
internal sealed class ClusterRun : IAsyncDisposable
{
    /// <summary>How long the one who counts may take to leave.</summary>
    private static readonly TimeSpan _goodbye = TimeSpan.FromSeconds(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("cluster-").FullName;
    private readonly RoomAddress[] _addresses;
    private readonly ClusterProcess _log;
    private readonly Dictionary<string, ClusterProcess> _processes = [];

    public ClusterRun(string nats, RoomAddress[] addresses)
    {
        _addresses = addresses;
        var log = new LogServer(nats, _folder);
        _log = log.Process;
        for (int i = 0; i < addresses.Length; i++)
        {
            _processes.Add($"{i + 1}", new ClusterProcess($"{addresses[i]}", Environment.ProcessPath!, [.. ThisProgram(),
                "chatterbox", "server", RoomAddress.Option, $"{addresses[i]}", ChatServerSample.Log, log.Url], readyWhen: "The room is open"));
        }

        foreach (ClusterProcess server in _processes.Values)
        {
            server.Said += text => Say(server, text);
        }

        _processes.Add("n", _log);
    }

    /// <summary>Runs until interrupted.</summary>
    /// <param name="rate">How many numbers a second to say in the room.</param>
    /// <param name="interrupted">Ends it.</param>
    /// <exception cref="UsageException">A process does not start.</exception>
    public async Task<int> RunAsync(int rate, CancellationToken interrupted)
    {
        try
        {
            await _log.StartAsync(interrupted);
            await Task.WhenAll(_processes.Values.Where(p => p != _log).Select(p => p.StartAsync(interrupted)));
            PrintGuide();

            // Not awaited: reading from a console cannot be interrupted.
            _ = Task.Run(() => ObeyAsync(interrupted), CancellationToken.None);
            await CountAsync(rate, interrupted);
            await Task.Delay(Timeout.Infinite, interrupted);
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            // As it should end.
        }

        return 0;
    }

    public ValueTask DisposeAsync()
    {
        foreach (ClusterProcess process in _processes.Values)
        {
            process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
        return default;
    }

    /// <summary>How to start this program again: its own executable, or dotnet with its assembly.</summary>
    private static string[] ThisProgram() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? ["exec", Environment.GetCommandLineArgs()[0]] : [];

    private static void Say(ClusterProcess process, string text) =>
        AnsiConsole.MarkupLine($"[grey]{Markup.Escape(process.Name)} |[/] {Markup.Escape(text)}");

    private void PrintGuide()
    {
        foreach ((string key, ClusterProcess process) in _processes)
        {
            AnsiConsole.MarkupLine($"[teal]{key}[/] and Enter kills, or starts again: {Markup.Escape(process == _log ? "the log's server" : $"the server at {process.Name}")}");
        }

        AnsiConsole.MarkupLine("Come in from another terminal:");

        // Not by way of the console's layout, which would break the line: it is to be copied.
        Console.WriteLine($"{SampleHost.Command} chatterbox client {RoomAddress.Option} {string.Join(',', _addresses.Select(a => $"{a}"))}");
        AnsiConsole.MarkupLine("Ctrl-C ends everything.");
    }

    private async Task ObeyAsync(CancellationToken interrupted)
    {
        // Not Console.In, which blocks its caller.
        using var input = new StreamReader(Console.OpenStandardInput());
        while (await input.ReadLineAsync(CancellationToken.None) is { } line && !interrupted.IsCancellationRequested)
        {
            if (!_processes.TryGetValue(line.Trim(), out ClusterProcess? process))
            {
                AnsiConsole.MarkupLine($"[yellow]Type one of {string.Join(", ", _processes.Keys)} and Enter.[/]");
            }
            else if (process.IsRunning)
            {
                process.Kill();
                Say(process, "killed");
            }
            else
            {
                // Not awaited: the next command may be what it waits for.
                _ = RestartAsync(process, interrupted);
            }
        }
    }

    private static async Task RestartAsync(ClusterProcess process, CancellationToken ct)
    {
        try
        {
            await process.StartAsync(ct);
            Say(process, "started again");
        }
        catch (UsageException error)
        {
            Say(process, error.Message);
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            // The cluster ends.
        }
    }

    /// <summary>Somebody comes in at the last server and says one number after the other, until interrupted.</summary>
    private async Task CountAsync(int rate, CancellationToken interrupted)
    {
        if (rate == 0)
        {
            return;
        }

        using var leaving = new CancellationTokenSource();
        Task<int> visit = new ClientVisit([.. _addresses.Reverse()], new NoView()).RunAsync(NumbersAsync(rate, interrupted), leaving.Token);
        await Task.WhenAny(visit, Task.Delay(Timeout.Infinite, interrupted));
        leaving.CancelAfter(_goodbye);
        await visit;
    }

    private static async IAsyncEnumerable<string> NumbersAsync(int rate, [EnumeratorCancellation] CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / rate));
        for (int number = 1; !ct.IsCancellationRequested; number++)
        {
            yield return $"{number}";
            try
            {
                await timer.WaitForNextTickAsync(ct);
            }
            catch (OperationCanceledException)
            {
                // That was the last one.
            }
        }
    }
}

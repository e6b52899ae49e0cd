using System.Runtime.CompilerServices;
using Rx.Samples.Chatterbox;
using Spectre.Console;

namespace Rx.Samples.Cluster;

/// <summary>One run of the cluster: its processes, a client that says numbers, and the commands that kill and start the processes.</summary>
internal sealed class ClusterRun : IAsyncDisposable
{
    /// <summary>How long the client that says numbers may take to leave.</summary>
    private static readonly TimeSpan _leaveTimeout = TimeSpan.FromSeconds(2);

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
                "chatterbox", "server", RoomAddress.Option, $"{addresses[i]}", ChatServerSample.Log, log.Url], readyText: "The room is open"));
        }

        foreach (ClusterProcess server in _processes.Values)
        {
            server.OutputReceived += text => Print(server, text);
        }

        _processes.Add("n", _log);
    }

    /// <summary>Runs until interrupted.</summary>
    /// <param name="rate">How many numbers per second the client says.</param>
    /// <param name="interrupted">Ends the run.</param>
    /// <exception cref="UsageException">A process cannot be started.</exception>
    public async Task<int> RunAsync(int rate, CancellationToken interrupted)
    {
        try
        {
            await _log.StartAsync(interrupted);
            await Task.WhenAll(_processes.Values.Where(p => p != _log).Select(p => p.StartAsync(interrupted)));
            PrintHelp();

            // Not awaited: reading from a console cannot be interrupted.
            _ = Task.Run(() => ReadCommandsAsync(interrupted), CancellationToken.None);
            await SayNumbersAsync(rate, interrupted);
            await Task.Delay(Timeout.Infinite, interrupted);
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            // The usual end.
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

    /// <summary>The first arguments to start this program again: none if it has its own executable, or its assembly if dotnet runs it.</summary>
    private static string[] ThisProgram() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? ["exec", Environment.GetCommandLineArgs()[0]] : [];

    private static void Print(ClusterProcess process, string text) =>
        AnsiConsole.MarkupLine($"[grey]{Markup.Escape(process.Name)} |[/] {Markup.Escape(text)}");

    private void PrintHelp()
    {
        foreach ((string key, ClusterProcess process) in _processes)
        {
            AnsiConsole.MarkupLine($"[teal]{key}[/] and Enter kills or restarts {Markup.Escape(process == _log ? "the log server" : $"the server at {process.Name}")}.");
        }

        AnsiConsole.MarkupLine("To join from another terminal:");

        // Not through AnsiConsole, which would wrap the line: the user copies it.
        Console.WriteLine($"{SampleHost.Command} chatterbox client {RoomAddress.Option} {string.Join(',', _addresses.Select(a => $"{a}"))}");
        AnsiConsole.MarkupLine("Ctrl-C ends everything.");
    }

    private async Task ReadCommandsAsync(CancellationToken interrupted)
    {
        // Not Console.In: its ReadLineAsync blocks the caller.
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
                Print(process, "killed");
            }
            else
            {
                // Not awaited: the process may become ready only after the next command, such as the restart of the log server.
                _ = RestartAsync(process, interrupted);
            }
        }
    }

    private static async Task RestartAsync(ClusterProcess process, CancellationToken ct)
    {
        try
        {
            await process.StartAsync(ct);
            Print(process, "restarted");
        }
        catch (UsageException error)
        {
            Print(process, error.Message);
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            // The cluster is ending.
        }
    }

    /// <summary>Runs a client that joins at the last server and says one number after the other, until interrupted.</summary>
    private async Task SayNumbersAsync(int rate, CancellationToken interrupted)
    {
        if (rate == 0)
        {
            return;
        }

        using var leaving = new CancellationTokenSource();
        Task<int> client = new ClientConnection([.. _addresses.Reverse()], new NullRoomView()).RunAsync(NumbersAsync(rate, interrupted), leaving.Token);
        await Task.WhenAny(client, Task.Delay(Timeout.Infinite, interrupted));
        leaving.CancelAfter(_leaveTimeout);
        await client;
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
                // That was the last number.
            }
        }
    }
}

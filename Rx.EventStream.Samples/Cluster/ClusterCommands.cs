using NATS.Client.Core;
using Rx.Samples.Chatterbox;

namespace Rx.Samples.Cluster;

/// <summary>Kills and restarts the servers and the log, as the user says.</summary>
internal sealed class ClusterCommands(LogServer log, RoomAddress[] addresses) : IAsyncDisposable
{
    /// <summary>The servers; null where one is not running. Used by one command at a time.</summary>
    private readonly ClusterServer?[] _servers = new ClusterServer?[addresses.Length];

    /// <summary>Held during a command.</summary>
    private readonly SemaphoreSlim _command = new(1);

    public async Task StartAsync(CancellationToken interrupted)
    {
        await log.StartAsync(interrupted);
        await ToggleServerAsync(0, interrupted);
        await ToggleServerAsync(1, interrupted);
        Console.WriteLine("Type 1, 2 or n and press Enter to kill or restart the first server, the second server or the log; m to break or mend the moderation, d to show its dead letters, r to replay them. Ctrl-C ends the sample.");

        // Not awaited: reading from a console cannot be interrupted.
        _ = Task.Run(() => ReadCommandsAsync(interrupted), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _command.WaitAsync();
        foreach (ClusterServer? server in _servers)
        {
            await (server?.DisposeAsync() ?? default);
        }
    }

    private async Task ReadCommandsAsync(CancellationToken interrupted)
    {
        // Not Console.In: its ReadLineAsync blocks the caller.
        using var input = new StreamReader(Console.OpenStandardInput());
        while (await input.ReadLineAsync(CancellationToken.None) is { } line)
        {
            await _command.WaitAsync(interrupted);
            try
            {
                Console.WriteLine(line.Trim() switch
                {
                    "1" => await ToggleServerAsync(0, interrupted),
                    "2" => await ToggleServerAsync(1, interrupted),
                    "n" => await ToggleLogAsync(interrupted),
                    "m" => ToggleModeration(),
                    "d" => string.Join('\n', (await DeadLetters.ShowAsync(log.Url, interrupted)).DefaultIfEmpty("There is no dead letter.")),
                    "r" => $"{await DeadLetters.ReplayAsync(log.Url, interrupted)} dead letters are replayed.",
                    _ => "Type 1, 2, n, m, d or r, and press Enter.",
                });
            }
            catch (Exception error) when (error is UsageException or NatsException)
            {
                Console.WriteLine(error.Message);
            }
            finally
            {
                _command.Release();
            }
        }
    }

    private async Task<string> ToggleServerAsync(int index, CancellationToken ct)
    {
        if (_servers[index] is { } server)
        {
            _servers[index] = null;
            await server.DisposeAsync();
            return $"{addresses[index]} is killed.";
        }

        _servers[index] = await ClusterServer.StartAsync(addresses[index], log.Url, ct);
        return $"{addresses[index]} is running.";
    }

    private static string ToggleModeration()
    {
        Moderation.IsBroken = !Moderation.IsBroken;
        return Moderation.IsBroken ? "The moderation is broken." : "The moderation is mended.";
    }

    private async Task<string> ToggleLogAsync(CancellationToken ct)
    {
        if (log.IsRunning)
        {
            log.Kill();
            return "The log is killed.";
        }

        await log.StartAsync(ct);
        return "The log is running.";
    }
}

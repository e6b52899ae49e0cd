using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Rx.Samples.Cluster;

/// <summary>The server that stores the log: nats-server, as a process, on a free port of this machine, with its files in a temporary folder.</summary>
internal sealed class LogServer(string program) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cluster-").FullName;
    private readonly int _port = FreePort();
    private Process? _process;

    public string Url => $"nats://127.0.0.1:{_port}";

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Finds the program on the PATH or in Debian's folder for it, which most users do not have on their PATH. Null if it is in neither.</summary>
    public static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin")
        .SelectMany(folder => new[] { Path.Combine(folder, "nats-server"), Path.Combine(folder, "nats-server.exe") })
        .FirstOrDefault(File.Exists);

    /// <summary>Starts the program, and waits until it answers.</summary>
    /// <exception cref="UsageException">It cannot be started.</exception>
    public async Task StartAsync(CancellationToken ct)
    {
        string[] arguments = ["-a", "127.0.0.1", "-p", $"{_port}", "-js", "-sd", _folder, "-l", Path.Combine(_folder, "log")];
        try
        {
            _process = Process.Start(program, arguments);
        }
        catch (Exception error) when (error is Win32Exception or InvalidOperationException)
        {
            throw new UsageException($"{program} cannot be started: {error.Message.TrimEnd('.')}.");
        }

        while (!await AnswersAsync(ct))
        {
            if (!IsRunning)
            {
                throw new UsageException($"{program} has ended: it cannot be started with {string.Join(' ', arguments)}.");
            }

            await Task.Delay(50, ct);
        }
    }

    public void Kill()
    {
        if (IsRunning)
        {
            _process!.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }
    }

    public void Dispose()
    {
        Kill();
        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> AnswersAsync(CancellationToken ct)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, _port, ct);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}

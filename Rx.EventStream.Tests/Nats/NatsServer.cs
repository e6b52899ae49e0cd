using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NATS.Client.Core;
using Rx.Tests.Samples;

namespace Rx.Tests.Nats;

/// <summary>A server for one test: on a free loopback port, with its files in a temporary folder.</summary>
internal sealed class NatsServer : IAsyncDisposable
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();
    private readonly string[] _arguments;
    private readonly string _binary;
    private Process? _process;

    private NatsServer(string binary, string? configuration)
    {
        _binary = binary;
        Port = FreePort();
        _arguments = ["-a", "127.0.0.1", "-p", $"{Port}", "-js", "-sd", Path.Combine(_folder.Path, "store"), "-l", Log];
        if (configuration is not null)
        {
            string path = Path.Combine(_folder.Path, "server.conf");
            File.WriteAllText(path, configuration);
            _arguments = [.. _arguments, "-c", path];
        }
    }

    public int Port { get; }

    public string Url => $"nats://127.0.0.1:{Port}";

    private string Log => Path.Combine(_folder.Path, "server.log");

    /// <summary>Starts a server. If none is installed, the test is skipped.</summary>
    /// <param name="configuration">The content of a configuration file, for example with users, or null.</param>
    public static async Task<NatsServer> StartAsync(string? configuration = null)
    {
        if (Find("nats-server") is not { } binary)
        {
            Assert.Ignore("nats-server is not on the path. Install it with 'apt-get install nats-server', or from https://nats.io.");
            throw new UnreachableException();
        }

        var server = new NatsServer(binary, configuration);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts the server again after <see cref="Kill"/>, on the same port and with the same files.</summary>
    public async Task StartAgainAsync()
    {
        _process = Process.Start(_binary, _arguments);
        long start = Stopwatch.GetTimestamp();
        while (!await AnswersAsync())
        {
            Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(_limit), () => $"The server does not answer:\n{File.ReadAllText(Log)}");
            Assert.That(_process.HasExited, Is.False, () => $"The server has exited:\n{File.ReadAllText(Log)}");
            await Task.Delay(20);
        }
    }

    /// <summary>Kills the server as <c>kill -9</c> does.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    /// <summary>A connection to the server that reconnects soon after an outage.</summary>
    public NatsConnection Connect() => ConnectTo(Url);

    /// <inheritdoc cref="Connect"/>
    /// <param name="url">The server's address, or that of a proxy.</param>
    /// <param name="requestTimeout">How long to wait for an answer; 2 seconds if it is null.</param>
    public static NatsConnection ConnectTo(string url, TimeSpan? requestTimeout = null) => new(new NatsOpts
    {
        Url = url,
        ReconnectWaitMin = TimeSpan.FromMilliseconds(50),
        ReconnectWaitMax = TimeSpan.FromMilliseconds(500),
        RequestTimeout = requestTimeout ?? TimeSpan.FromSeconds(2),
    });

    public ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            Kill();
        }

        _folder.Dispose();
        return default;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            using var reader = new StreamReader(client.GetStream());
            return (await reader.ReadLineAsync())?.StartsWith("INFO", StringComparison.Ordinal) ?? false;
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            return false;
        }
    }

    private static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin")
        .SelectMany(folder => new[] { Path.Combine(folder, name), Path.Combine(folder, name + ".exe") })
        .FirstOrDefault(File.Exists);
}

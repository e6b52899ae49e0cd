using System.Net;
using System.Net.Sockets;

namespace Rx.Samples.Cluster;

/// <summary>The server that keeps the room's log: nats-server, on a free port of this machine.</summary>
internal sealed class LogServer(string program, string folder)
{
    private readonly int _port = FreePort();

    public string Url => $"nats://127.0.0.1:{_port}";

    public ClusterProcess Process => new("nats", program, ["-a", "127.0.0.1", "-p", $"{_port}", "-js", "-sd", folder], readyWhen: "Server is ready");

    /// <summary>The program, or null if it is neither on the path nor where Debian has it, which is off most people's paths.</summary>
    public static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin")
        .SelectMany(folder => new[] { Path.Combine(folder, "nats-server"), Path.Combine(folder, "nats-server.exe") })
        .FirstOrDefault(File.Exists);

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}

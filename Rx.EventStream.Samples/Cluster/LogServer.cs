using System.Net;
using System.Net.Sockets;

namespace Rx.Samples.Cluster;

/// <summary>The server that stores the room's log: nats-server, on a free port of this machine.</summary>
internal sealed class LogServer(string program, string folder)
{
    private readonly int _port = FreePort();

    public string Url => $"nats://127.0.0.1:{_port}";

    public ClusterProcess Process => new("nats", program, ["-a", "127.0.0.1", "-p", $"{_port}", "-js", "-sd", folder], readyText: "Server is ready");

    /// <summary>Finds the program on the PATH or in Debian's folder for it, which most users do not have on their PATH. Null if it is in neither.</summary>
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

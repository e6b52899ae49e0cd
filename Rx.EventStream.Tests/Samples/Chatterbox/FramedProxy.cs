using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Rx.Tests.Samples.Chatterbox;

/// <summary>Stands between one HTTP/2 client and its server, and counts the client's pings as a gRPC server does by default.</summary>
internal sealed class FramedProxy : IDisposable
{
    private const int Preface = 24;
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Ping = 6;
    private const byte Acknowledged = 1;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private int _pings;
    private int _strikes;

    public FramedProxy(string server)
    {
        _listener.Start();
        _ = RunAsync(IPEndPoint.Parse(server));
    }

    public string Address => $"{_listener.LocalEndpoint}";

    /// <summary>All pings of the client.</summary>
    public int Pings => Volatile.Read(ref _pings);

    /// <summary>The most pings in a row between which the server sent nothing. gRPC servers close the connection after two.</summary>
    public int MaxStrikes { get; private set; }

    public void Dispose() => _listener.Dispose();

    private async Task RunAsync(IPEndPoint server)
    {
        using TcpClient from = await _listener.AcceptTcpClientAsync();
        using var to = new TcpClient();
        await to.ConnectAsync(server);
        await Task.WhenAny(
            PumpAsync(from.GetStream(), to.GetStream(), Preface, OnClientFrame), PumpAsync(to.GetStream(), from.GetStream(), 0, OnServerFrame));
    }

    private static async Task PumpAsync(NetworkStream from, NetworkStream to, int preface, Action<byte, byte> onFrame)
    {
        byte[] start = new byte[preface];
        await from.ReadExactlyAsync(start);
        await to.WriteAsync(start);
        byte[] header = new byte[9];
        while (true)
        {
            await from.ReadExactlyAsync(header);
            byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(header) >> 8];
            await from.ReadExactlyAsync(body);
            onFrame(header[3], header[4]);
            await to.WriteAsync((byte[])[.. header, .. body]);
        }
    }

    private void OnClientFrame(byte type, byte flags)
    {
        if (type == Ping && (flags & Acknowledged) == 0)
        {
            Interlocked.Increment(ref _pings);
            MaxStrikes = Math.Max(MaxStrikes, Interlocked.Increment(ref _strikes));
        }
    }

    private void OnServerFrame(byte type, byte flags)
    {
        if (type is Data or Headers)
        {
            Volatile.Write(ref _strikes, 0);
        }
    }
}

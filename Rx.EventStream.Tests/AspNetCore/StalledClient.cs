using System.Net.Sockets;
using System.Text;
using Rx.Tests.Contract;

namespace Rx.Tests.AspNetCore;

/// <summary>A client that sends a request and then never reads.</summary>
internal sealed class StalledClient : IDisposable
{
    private readonly Socket _socket;

    private StalledClient(Socket socket)
    {
        _socket = socket;
    }

    public static async Task<StalledClient> ConnectAsync(Uri address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4_096 };
        await socket.ConnectAsync(address.Host, address.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {address.Authority}\r\n\r\n"));
        return new StalledClient(socket);
    }

    /// <summary>Publishes until its connection is full: its reader lags, and stays where it is.</summary>
    public void Fill(EventStream<string> stream)
    {
        Eventually.IsTrue(() => stream.Subscriptions.Any(IsUnread), "It joins.");
        string text = new('x', 10_000);
        int still = 0;
        Eventually.IsTrue(
            () =>
            {
                long before = stream.Subscriptions.Max(s => s.Lag);
                stream.OnNext(text);
                Thread.Yield();
                still = before > 0 && stream.Subscriptions.Max(s => s.Lag) > before ? still + 1 : 0;
                return still > 100;
            },
            "It is stuck.");
    }

    public void Dispose() => _socket.Dispose();

    private static bool IsUnread(EventSubscription subscription) => subscription.Delivered == 0;
}

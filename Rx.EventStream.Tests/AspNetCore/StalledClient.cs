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

    /// <summary>Publishes until its connection is full: its reader has an event more to read, and stays where it is.</summary>
    /// <remarks>One event at a time, so that the reader lags because it is stuck and not because it has not run yet.</remarks>
    public static void Fill(EventStream<string> stream)
    {
        Eventually.IsTrue(() => stream.Subscriptions.Count == 1, "It joins.");
        EventSubscription reader = stream.Subscriptions[0];
        string text = new('x', 10_000);
        Eventually.IsTrue(
            () =>
            {
                stream.OnNext(text);
                return !SpinWait.SpinUntil(() => reader.Lag == 0, TimeSpan.FromSeconds(1));
            },
            "It is stuck.");
    }

    public void Dispose() => _socket.Dispose();
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Rx.Tests.Nats;

/// <summary>A network that fails on demand. It forwards bytes between clients and a server, can be cut, and can hold the server's answers.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly int _target;
    private readonly int? _bytesPerSecond;
    private readonly Task _accepting;

    /// <summary>Whether new connections are broken. Written by the test with release, read with acquire.</summary>
    private bool _isCut;

    /// <summary>Completes when the server's answers can go through. Replaced by the test with release, read with acquire.</summary>
    private TaskCompletionSource _mayAnswer = Done();

    /// <summary>Interlocked.</summary>
    private long _bytesUp;

    /// <param name="target">The server's port.</param>
    /// <param name="bytesPerSecond">How fast it takes bytes from clients, or null for no limit.</param>
    public TcpProxy(int target, int? bytesPerSecond = null)
    {
        _target = target;
        _bytesPerSecond = bytesPerSecond;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Url => $"nats://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>The number of bytes that clients have sent.</summary>
    public long BytesUp => Interlocked.Read(ref _bytesUp);

    /// <summary>Breaks all connections, and breaks each new one at once.</summary>
    public void Cut()
    {
        Volatile.Write(ref _isCut, true);
        CloseAll();
    }

    /// <summary>Allows new connections again.</summary>
    public void Mend() => Volatile.Write(ref _isCut, false);

    /// <summary>Holds what the server sends from now on. What clients send still goes through.</summary>
    public void HoldAnswers() =>
        Volatile.Write(ref _mayAnswer, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>Forwards what was held, and what the server sends later.</summary>
    public void ReleaseAnswers() => Volatile.Read(ref _mayAnswer).TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        _listener.Stop();
        ReleaseAnswers();
        CloseAll();
        await _accepting;
        _disposed.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_disposed.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync(_disposed.Token);
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using (client)
        {
            try
            {
                if (Volatile.Read(ref _isCut))
                {
                    return;
                }

                await server.ConnectAsync(IPAddress.Loopback, _target);
                _sockets[client] = true;
                _sockets[server] = true;
                await Task.WhenAny(PumpAsync(client, server, isAnswer: false), PumpAsync(server, client, isAnswer: true));
            }
            catch (SocketException)
            {
                // The server is down, so the connection ends too.
            }
            finally
            {
                _sockets.TryRemove(client, out _);
                _sockets.TryRemove(server, out _);
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool isAnswer)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                if (isAnswer)
                {
                    await Volatile.Read(ref _mayAnswer).Task;
                }
                else
                {
                    Interlocked.Add(ref _bytesUp, count);
                    await (_bytesPerSecond is { } rate ? Task.Delay(1000 * count / rate) : Task.CompletedTask);
                }

                for (int sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The connection was cut or closed by one side. The other side is closed with it.
        }
    }

    private void CloseAll()
    {
        foreach (Socket socket in _sockets.Keys)
        {
            socket.Close();
        }
    }

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Rx.Tests.Nats;

/// <summary>A network that fails on demand: passes bytes on between clients and a server, until it is cut, or holds back what the server says.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly int _target;
    private readonly int? _bytesPerSecond;
    private readonly Task _accepting;

    private volatile bool _isCut;
    private volatile TaskCompletionSource _mayAnswer = Done();

    private long _bytesUp;

    /// <param name="target">The server's port.</param>
    /// <param name="bytesPerSecond">How much it takes from clients, or null for as much as they have.</param>
    public TcpProxy(int target, int? bytesPerSecond = null)
    {
        _target = target;
        _bytesPerSecond = bytesPerSecond;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Url => $"nats://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>How many bytes clients have sent.</summary>
    public long BytesUp => Interlocked.Read(ref _bytesUp);

    /// <summary>Breaks all connections, and every new one at once.</summary>
    public void Cut()
    {
        _isCut = true;
        CloseAll();
    }

    /// <summary>Lets new connections through again.</summary>
    public void Mend() => _isCut = false;

    /// <summary>What the server says from now on waits; what clients say goes through.</summary>
    public void HoldAnswers() => _mayAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Passes on what was held, and what follows.</summary>
    public void ReleaseAnswers() => _mayAnswer.TrySetResult();

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
                if (_isCut)
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
                // The server is down: so is the connection.
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
                    await _mayAnswer.Task;
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
            // Cut, or closed by one side: the other is closed with it.
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

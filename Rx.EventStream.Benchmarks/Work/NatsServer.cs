using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Rx.Benchmarks.Work;

/// <summary>A server for one run: on free ports of the loopback interface, with its files in a temporary folder.</summary>
internal sealed class NatsServer : IDisposable
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("rx-benchmarks-").FullName;
    private readonly Process _process;
    private readonly PosixSignalRegistration[] _signals;

    /// <summary>1 once the server is stopped. Exchanged by the thread that stops it: at the end of the run, or on a signal.</summary>
    private int _isStopped;

    private NatsServer(string binary)
    {
        _process = Process.Start(
            binary, ["-a", "127.0.0.1", "-p", "-1", "-m", "-1", "-js", "-sd", _folder, "--ports_file_dir", _folder, "-l", Path.Combine(_folder, "log")]);
        // The server must stop however the run ends.
        AppDomain.CurrentDomain.UnhandledException += (_, _) => Stop();
        _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, _ => Stop()))];
    }

    /// <summary>The URL for clients.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>The URL for monitoring.</summary>
    public Uri Monitoring { get; private set; } = null!;

    /// <exception cref="UsageException">The program nats-server is not installed.</exception>
    public static NatsServer Start()
    {
        string binary = Find("nats-server")
            ?? throw new UsageException("There is no nats-server on the path. Install it with 'apt-get install nats-server', or download it from https://nats.io.");
        var server = new NatsServer(binary);
        try
        {
            server.WaitForPorts();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Array.ForEach(_signals, static s => s.Dispose());
        Stop();
    }

    private void Stop()
    {
        if (Interlocked.Exchange(ref _isStopped, 1) == 0)
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>Waits for the file in which the server writes its ports once it listens.</summary>
    private void WaitForPorts()
    {
        long start = Stopwatch.GetTimestamp();
        while (!TryReadPorts())
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(start) > _limit)
            {
                throw new InvalidOperationException($"nats-server did not start:\n{File.ReadAllText(Path.Combine(_folder, "log"))}");
            }

            Thread.Sleep(20);
        }
    }

    private bool TryReadPorts()
    {
        try
        {
            if (Directory.GetFiles(_folder, "*.ports") is not [string path])
            {
                return false;
            }

            using var ports = JsonDocument.Parse(File.ReadAllText(path));
            Url = new Uri(ports.RootElement.GetProperty("nats")[0].GetString()!);
            Monitoring = new Uri(ports.RootElement.GetProperty("monitoring")[0].GetString()!);
            return true;
        }
        catch (JsonException)
        {
            return false; // the server is still writing the file
        }
    }

    private static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin")
        .SelectMany(folder => new[] { Path.Combine(folder, name), Path.Combine(folder, name + ".exe") })
        .FirstOrDefault(File.Exists);
}

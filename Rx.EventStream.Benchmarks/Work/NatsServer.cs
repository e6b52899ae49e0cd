using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Rx.Benchmarks.Work;

/// <summary>A server for the time of a run: on free ports of the loopback, with its files in a temporary folder.</summary>
internal sealed class NatsServer : IDisposable
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("rx-benchmarks-").FullName;
    private readonly Process _process;
    private readonly PosixSignalRegistration[] _signals;

    /// <summary>Whether it was stopped. Exchanged by whoever does it: the end of the run, or a signal.</summary>
    private int _isStopped;

    private NatsServer(string binary)
    {
        _process = Process.Start(
            binary, ["-a", "127.0.0.1", "-p", "-1", "-m", "-1", "-js", "-sd", _folder, "--ports_file_dir", _folder, "-l", Path.Combine(_folder, "log")]);
        // Whatever ends the run must not leave a server behind.
        AppDomain.CurrentDomain.UnhandledException += (_, _) => Stop();
        _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, _ => Stop()))];
    }

    /// <summary>Where clients connect.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>Where it tells about itself.</summary>
    public Uri Monitoring { get; private set; } = null!;

    /// <exception cref="UsageException">There is none to start.</exception>
    public static NatsServer Start()
    {
        string binary = Find("nats-server")
            ?? throw new UsageException("There is no nats-server on the path. 'apt-get install nats-server' brings it, or a download from https://nats.io.");
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

    /// <summary>It writes a file with its ports once it listens.</summary>
    private void WaitForPorts()
    {
        long start = Stopwatch.GetTimestamp();
        while (!TryReadPorts())
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(start) > _limit)
            {
                throw new InvalidOperationException($"The nats-server does not come up:\n{File.ReadAllText(Path.Combine(_folder, "log"))}");
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
            return false; // it is writing
        }
    }

    private static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin")
        .SelectMany(folder => new[] { Path.Combine(folder, name), Path.Combine(folder, name + ".exe") })
        .FirstOrDefault(File.Exists);
}

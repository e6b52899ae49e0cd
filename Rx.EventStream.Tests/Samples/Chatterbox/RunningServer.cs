using System.Net;
using System.Net.Sockets;

namespace Rx.Tests.Samples.Chatterbox;

/// <summary>The sample's server as a process, on a free port of this machine.</summary>
internal sealed class RunningServer : IDisposable
{
    private RunningServer(SampleProcess process, string address)
    {
        Process = process;
        Address = address;
    }

    public SampleProcess Process { get; }

    public string Address { get; }

    /// <summary>Starts the server on a port that the operating system selects.</summary>
    public static Task<RunningServer> StartAsync(CancellationToken ct, params string[] options) => StartAsync("127.0.0.1:0", ct, options);

    public static async Task<RunningServer> StartAsync(string address, CancellationToken ct, params string[] options)
    {
        SampleProcess process = SampleProcess.Start(["chatterbox", "server", "--address", address, .. options]);
        try
        {
            const string Prefix = "open at ";
            string line = await process.WaitForAsync(Prefix, ct);
            string found = line[(line.IndexOf(Prefix, StringComparison.Ordinal) + Prefix.Length)..];
            return new RunningServer(process, found[..found.IndexOf(". ", StringComparison.Ordinal)]);
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    /// <summary>Finds an address on which no program listens. Its port is outside the range from which operating systems select ports.</summary>
    public static string UnusedAddress()
    {
        while (true)
        {
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, Random.Shared.Next(10_000, 30_000));
                probe.Start();
                return $"{probe.LocalEndpoint}";
            }
            catch (SocketException)
            {
                // In use: try another port.
            }
        }
    }

    public async Task<SampleResult> StopAsync(CancellationToken ct)
    {
        await Process.InterruptAsync(ct);
        return await Process.FinishAsync(ct);
    }

    public void Dispose() => Process.Dispose();
}

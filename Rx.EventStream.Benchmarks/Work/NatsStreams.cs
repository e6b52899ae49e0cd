using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats.Serialization;

namespace Rx.Benchmarks.Work;

/// <summary>Streams on the server, and the connection that all contenders share.</summary>
internal sealed class NatsStreams : IDisposable
{
    private readonly NatsConnection _connection;
    private readonly HttpClient _monitoring;
    private readonly Dictionary<int, string> _filled = [];
    private int _made;

    public NatsStreams(NatsServer server)
    {
        _connection = new NatsConnection(new NatsOpts { Url = server.Url.ToString() });
        _monitoring = new HttpClient { BaseAddress = server.Monitoring };
        JetStream = new NatsJSContext(_connection);
        _connection.ConnectAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <summary>The NATS client without this library.</summary>
    public NatsJSContext JetStream { get; }

    public INatsConnection Connection => _connection;

    /// <summary>The serializer that all contenders use.</summary>
    public INatsSerializer<Tick> Serializer { get; } = new JsonEventSerializer<Tick>(TickJson.Default.Tick);

    public string ServerVersion => $"nats-server {_connection.ServerInfo!.Version}";

    /// <summary>The subject of a stream's events.</summary>
    public static string SubjectOf(string stream) => $"{stream}.ticks";

    /// <summary>A subject of a stream to which no event is published.</summary>
    public static string UnusedSubjectOf(string stream) => $"{stream}.unused";

    public static IEnumerable<Tick> Ticks(int count) => Enumerable.Range(0, count).Select(static i => new Tick(i, "ACME", 100 + (0.25 * (i % 16))));

    /// <summary>Creates an empty stream with the default storage, files.</summary>
    public async Task<string> MakeAsync()
    {
        string name = $"stream{++_made}";
        await JetStream.CreateStreamAsync(new StreamConfig(name, [SubjectOf(name), UnusedSubjectOf(name)])).ConfigureAwait(false);
        return name;
    }

    /// <summary>A stream with that many events. It is created once, for all readers.</summary>
    public async Task<string> FilledAsync(int events)
    {
        if (!_filled.TryGetValue(events, out string? name))
        {
            name = await MakeAsync().ConfigureAwait(false);
            await new NatsPublisher(this, name).PublishAllAsync(events).ConfigureAwait(false);
            _filled.Add(events, name);
        }

        return name;
    }

    public async Task RemoveAsync(string name) => await JetStream.DeleteStreamAsync(name).ConfigureAwait(false);

    /// <summary>The number of bytes that the server has sent to its clients.</summary>
    public async Task<long> SentBytesAsync()
    {
        using JsonDocument variables = JsonDocument.Parse(await _monitoring.GetStringAsync(new Uri("varz", UriKind.Relative)).ConfigureAwait(false));
        return variables.RootElement.GetProperty("out_bytes").GetInt64();
    }

    public void Dispose()
    {
        _connection.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _monitoring.Dispose();
    }
}

using System.Globalization;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats;

namespace Rx.Samples.Chatterbox;

/// <summary>A room that several servers share: each server publishes its events to a log on NATS JetStream, and copies the log into its own
/// stream.</summary>
internal sealed class SharedRoom : Room
{
    private const int NotFound = 404;

    /// <summary>How long publishing waits for the log. After that, the client is told that its line may be lost.</summary>
    private static readonly TimeSpan _publishTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long leaving waits for the log. After that, <see cref="PresenceMonitor"/> removes the member.</summary>
    private static readonly TimeSpan _leaveTimeout = TimeSpan.FromSeconds(1);

    /// <summary>This server's name for the other servers. It changes with each start.</summary>
    private readonly string _server;
    private readonly string _stream;
    private readonly NatsConnection _connection;
    private readonly NatsEventStream<SharedEvent> _log;
    private readonly PresenceMonitor _presence;
    private readonly IDisposable _subscription;

    private SharedRoom(string server, string stream, string logId, NatsConnection connection, NatsEventStream<SharedEvent> log)
    {
        Log = logId;
        _server = server;
        _stream = stream;
        _connection = connection;
        _log = log;
        _presence = new PresenceMonitor(server, connection, $"{stream}-servers", name => LeaveAsync(name, "its server is gone"));

        // The whole log, because the members follow from all join and leave events.
        _subscription = log.From(NatsStart.Oldest).Subscribe(OnStored, Stream.OnError);
    }

    /// <inheritdoc/>
    public override string Log { get; }

    /// <summary>Opens the room and waits until it has all events of the log.</summary>
    /// <param name="url">The address of a NATS server.</param>
    /// <param name="stream">The name of the JetStream stream for the log. It is created if it does not exist.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <exception cref="UsageException">There is no server at the address, or its log cannot be used.</exception>
    public static async Task<SharedRoom> OpenAsync(Uri url, string stream, CancellationToken ct)
    {
        string server = Guid.NewGuid().ToString("N")[..8];
        string subject = $"{stream}.events";
        var connection = new NatsConnection(new NatsOpts { Url = url.OriginalString, Name = $"chatterbox {server}" });
        try
        {
            INatsJSStream stored = await OpenStreamAsync(connection, stream, subject, ct);
            long last = await GetLastSequenceAsync(stored, subject, ct);
            NatsEventStream<SharedEvent> log = await NatsEventStream<SharedEvent>.OpenAsync(
                connection,
                new NatsEventStreamOptions<SharedEvent>(SharedEventJson.Default.SharedEvent)
                {
                    Stream = stream,
                    Subject = _ => subject,
                    PublishTimeout = _publishTimeout,
                },
                ct);
            string logId = stored.Info.Created.UtcTicks.ToString(CultureInfo.InvariantCulture);
            return await new SharedRoom(server, stream, logId, connection, log).WaitUntilCurrentAsync(last, ct);
        }
        catch (Exception error)
        {
            await connection.DisposeAsync();
            if (error is NatsException or NatsEventStreamException or UnreadableEventException or EventStreamGapException or InvalidDataException)
            {
                throw new UsageException($"There is no room in the stream '{stream}' at {url.Scheme}://{url.Authority}: {error.Message.TrimEnd('.')}. " +
                    "Start a server with: nats-server -a 127.0.0.1 -js -sd FOLDER.");
            }

            throw;
        }
    }

    public override async ValueTask<JoinResult> JoinAsync(CancellationToken ct)
    {
        // The sequence number in the log makes the name unique across all servers.
        long sequence = await _log.PublishAsync(new SharedEvent(What.Join, "", "", _server), cancellationToken: ct);
        var joined = new JoinResult(NameOf(sequence), sequence);
        _presence.Add(joined.Name);
        return joined;
    }

    public override async ValueTask SayAsync(string name, string text, CancellationToken ct) =>
        await _log.PublishAsync(new SharedEvent(What.Chat, name, text, _server), cancellationToken: ct);

    public override async ValueTask LeaveAsync(string name, string reason)
    {
        _presence.Remove(name);
        if (!Current.State.Members.Contains(name))
        {
            return; // already removed, or the presence monitor will do it
        }

        try
        {
            // Several servers may remove a member whose server is gone. The message id makes the log store it only once.
            using var limit = new CancellationTokenSource(_leaveTimeout);
            await _log.PublishAsync(new SharedEvent(What.Leave, name, reason, _server), messageId: $"{name} left", cancellationToken: limit.Token);
        }
        catch (Exception error) when (error is NatsEventStreamException or NatsPublishException or ObjectDisposedException or OperationCanceledException)
        {
            // The presence monitors remove the member later.
        }
    }

    public override IAsyncEnumerable<Event> ReadFrom(long sequence) => _log.ReadAllAsync(NatsStart.At(sequence)).Select(ToEvent);

    public override async ValueTask DisposeAsync()
    {
        await _presence.DisposeAsync();
        _subscription.Dispose();
        await _log.DisposeAsync();
        await _connection.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>Opens the stream, and creates it if it does not exist.</summary>
    private static async Task<INatsJSStream> OpenStreamAsync(NatsConnection connection, string stream, string subject, CancellationToken ct)
    {
        var server = new NatsJSContext(connection);
        try
        {
            return await server.GetStreamAsync(stream, cancellationToken: ct);
        }
        catch (NatsJSApiException error) when (error.Error.Code == NotFound)
        {
            return await server.CreateStreamAsync(new StreamConfig(stream, [subject]), ct);
        }
    }

    /// <summary>The sequence number of the newest event, or 0 if there is none.</summary>
    private static async Task<long> GetLastSequenceAsync(INatsJSStream stream, string subject, CancellationToken ct)
    {
        try
        {
            return (long)(await stream.GetAsync(new StreamMsgGetRequest { LastBySubj = subject }, ct)).Message.Seq;
        }
        catch (NatsJSApiException error) when (error.Error.Code == NotFound)
        {
            return 0;
        }
    }

    private static string NameOf(long sequence) => $"User {sequence}";

    private static Event ToEvent(Sequenced<SharedEvent> stored) => new()
    {
        Sequence = stored.Sequence,
        What = stored.Value.What,
        Who = stored.Value.Who.Length > 0 ? stored.Value.Who : NameOf(stored.Sequence),
        Text = stored.Value.Text,
    };

    /// <summary>Called by one thread at a time.</summary>
    private void OnStored(Sequenced<SharedEvent> stored)
    {
        if (stored.Value is null)
        {
            Stream.OnError(new InvalidDataException($"Event {stored.Sequence} of stream '{_stream}' is empty."));
            return;
        }

        Event roomEvent = ToEvent(stored);
        _presence.OnEvent(roomEvent, stored.Value.Server);
        Stream.OnNext(roomEvent);
    }

    /// <summary>Waits until the room has all events up to the given sequence number, and returns it. If that fails, the room is disposed.</summary>
    private async Task<SharedRoom> WaitUntilCurrentAsync(long last, CancellationToken ct)
    {
        try
        {
            Task reached = Events.FirstOrDefaultAsync(e => e.Sequence >= last).ToTask(ct);
            if (Current.State.Sequence < last)
            {
                await reached;
            }

            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }
}

using System.Globalization;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats;

namespace Rx.Samples.Chatterbox;

/// <summary>A room that several servers share: what happens at any of them goes through a log on NATS JetStream, and from there into the
/// stream of each.</summary>
internal sealed class SharedRoom : Room
{
    private const int NotFound = 404;

    /// <summary>How long to wait for the log. Who says something then hears that it may be lost.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    /// <summary>How long somebody who leaves waits for it; after that the attendance sees to it.</summary>
    private static readonly TimeSpan _goodbye = TimeSpan.FromSeconds(1);

    /// <summary>This server's name for the others; a new one each time it is started.</summary>
    private readonly string _server;
    private readonly string _stream;
    private readonly NatsConnection _connection;
    private readonly NatsEventStream<SharedEvent> _log;
    private readonly Attendance _attendance;
    private readonly IDisposable _following;

    private SharedRoom(string server, string stream, string logId, NatsConnection connection, NatsEventStream<SharedEvent> log)
    {
        Log = logId;
        _server = server;
        _stream = stream;
        _connection = connection;
        _log = log;
        _attendance = new Attendance(server, connection, $"{stream}-servers", name => LeaveAsync(name, "its server is gone"));

        // All of it: who is in the room is known by who came and went.
        _following = log.From(NatsStart.Oldest).Subscribe(Take, Stream.OnError);
    }

    /// <inheritdoc/>
    public override string Log { get; }

    /// <summary>Opens the room, once everything that happened in it so far is here.</summary>
    /// <param name="url">A server of NATS.</param>
    /// <param name="stream">The stream that is the log. It is made if it is missing.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <exception cref="UsageException">There is no such server, or it does not keep the log.</exception>
    public static async Task<SharedRoom> OpenAsync(Uri url, string stream, CancellationToken ct)
    {
        string server = Guid.NewGuid().ToString("N")[..8];
        string subject = $"{stream}.events";
        var connection = new NatsConnection(new NatsOpts { Url = url.OriginalString, Name = $"chatterbox {server}" });
        try
        {
            INatsJSStream stored = await PrepareAsync(connection, stream, subject, ct);
            long last = await LastAsync(stored, subject, ct);
            NatsEventStream<SharedEvent> log = await NatsEventStream<SharedEvent>.OpenAsync(
                connection,
                new NatsEventStreamOptions<SharedEvent>(SharedEventJson.Default.SharedEvent)
                {
                    Stream = stream,
                    Subject = _ => subject,
                    PublishTimeout = _patience,
                },
                ct);
            string logId = stored.Info.Created.UtcTicks.ToString(CultureInfo.InvariantCulture);
            return await new SharedRoom(server, stream, logId, connection, log).OpenedAsync(last, ct);
        }
        catch (Exception error)
        {
            await connection.DisposeAsync();
            if (error is NatsException or NatsEventStreamException or UnreadableEventException or EventStreamGapException or InvalidDataException)
            {
                throw new UsageException($"There is no room in stream '{stream}' at {url.Scheme}://{url.Authority}: {error.Message.TrimEnd('.')}. " +
                    "A server for it is started with: nats-server -a 127.0.0.1 -js -sd FOLDER.");
            }

            throw;
        }
    }

    public override async ValueTask<Newcomer> JoinAsync(CancellationToken ct)
    {
        // The log's order makes the names unique, whatever server somebody comes to.
        long sequence = await _log.PublishAsync(new SharedEvent(What.Join, "", "", _server), cancellationToken: ct);
        var newcomer = new Newcomer(NameOf(sequence), sequence);
        _attendance.Add(newcomer.Name);
        return newcomer;
    }

    public override async ValueTask SayAsync(string who, string text, CancellationToken ct) =>
        await _log.PublishAsync(new SharedEvent(What.Chat, who, text, _server), cancellationToken: ct);

    public override async ValueTask LeaveAsync(string who, string reason)
    {
        _attendance.Remove(who);
        if (!Current.State.Members.Contains(who))
        {
            return; // somebody has said it, or will: see Attendance
        }

        try
        {
            // Several servers may say it of one whose server is gone; the log takes it once.
            using var limit = new CancellationTokenSource(_goodbye);
            await _log.PublishAsync(new SharedEvent(What.Leave, who, reason, _server), messageId: $"{who} left", cancellationToken: limit.Token);
        }
        catch (Exception error) when (error is NatsEventStreamException or NatsPublishException or ObjectDisposedException or OperationCanceledException)
        {
            // Whoever looks after the attendance says it then.
        }
    }

    public override IAsyncEnumerable<Event> ReadFrom(long sequence) => _log.ReadAllAsync(NatsStart.At(sequence)).Select(ToEvent);

    public override async ValueTask DisposeAsync()
    {
        await _attendance.DisposeAsync();
        _following.Dispose();
        await _log.DisposeAsync();
        await _connection.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>The stream, made if it is missing.</summary>
    private static async Task<INatsJSStream> PrepareAsync(NatsConnection connection, string stream, string subject, CancellationToken ct)
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

    /// <summary>The sequence of the newest event there is, or 0.</summary>
    private static async Task<long> LastAsync(INatsJSStream stream, string subject, CancellationToken ct)
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
    private void Take(Sequenced<SharedEvent> stored)
    {
        if (stored.Value is null)
        {
            Stream.OnError(new InvalidDataException($"Event {stored.Sequence} of stream '{_stream}' is empty."));
            return;
        }

        Event happened = ToEvent(stored);
        _attendance.See(happened, stored.Value.Server);
        Stream.OnNext(happened);
    }

    /// <summary>This room, once what is in the log is in it; if that fails, it is disposed.</summary>
    private async Task<SharedRoom> OpenedAsync(long last, CancellationToken ct)
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

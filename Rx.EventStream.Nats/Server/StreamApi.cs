using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Rx.Nats.Server;

/// <summary>What one stream on the server is asked for, and what is made of its answers.</summary>
/// <remarks>
/// A failure that may pass, such as a lost connection, leaves as the client's exception; <see cref="IsPassing"/> knows those. One that
/// will not leaves as a <see cref="NatsEventStreamException"/> that says what to do about it.
/// </remarks>
internal sealed class StreamApi : IDisposable
{
    private const int StreamNotFound = 10059;
    private const int MaximumConsumers = 10026;
    private const int NotFound = 404;

    /// <summary>At least so many refusals are remembered.</summary>
    private const int KeptRefusals = 64;

    /// <summary>How long to wait for what may as well not happen.</summary>
    private static readonly TimeSpan _courtesy = TimeSpan.FromSeconds(1);

    private readonly NatsJSContext _jetStream;
    private readonly PermissionWatch _permissions;

    /// <summary>Whether the server does not tell of consumers: then it is asked no more. Read and written by any reader, with acquire and release.</summary>
    private bool _consumersAreHidden;

    /// <param name="connection">The connection to use.</param>
    /// <param name="stream">The stream's name.</param>
    /// <param name="maxInFlight">How many publications may be refused at the same time.</param>
    internal StreamApi(INatsConnection connection, string stream, int maxInFlight)
    {
        _jetStream = new NatsJSContext(connection);
        _permissions = new PermissionWatch(connection, Math.Max(KeptRefusals, maxInFlight));
        Connection = connection;
        Stream = stream;
    }

    internal INatsConnection Connection { get; }

    internal string Stream { get; }

    public void Dispose() => _permissions.Dispose();

    /// <summary>Whether trying again may help.</summary>
    internal static bool IsPassing(Exception error) => error switch
    {
        NatsConnectionFailedException or NatsPayloadTooLargeException => false,
        NatsJSApiException api => api.Error.Code >= 500,
        NatsException or IOException or SocketException or TimeoutException or OperationCanceledException => true,
        _ => false,
    };

    /// <summary>Whether there is no room for another consumer, as long as one given up is still there.</summary>
    internal static bool IsNoRoom(Exception error) =>
        error is NatsEventStreamException { InnerException: NatsJSApiException { Error.ErrCode: MaximumConsumers } };

    /// <summary>Connects, unless that is done.</summary>
    internal async Task ConnectAsync(CancellationToken ct)
    {
        try
        {
            await Connection.ConnectAsync().AsTask().WaitAsync(ct).ConfigureAwait(false);
        }
        catch (NatsException error)
        {
            // The client masks passwords in what it says.
            throw new NatsEventStreamException(
                $"No server could be reached for stream '{Stream}': {error.Message}{(error.InnerException is { } cause ? $": {cause.Message}" : "")}", error);
        }
    }

    /// <summary>What the stream holds and how it is set up, now.</summary>
    internal Task<StreamInfo> GetInfoAsync(CancellationToken ct) =>
        AskAsync($"{_jetStream.Opts.Prefix}.STREAM.INFO.{Stream}", async () => (await _jetStream.GetStreamAsync(Stream, null, ct).ConfigureAwait(false)).Info);

    internal Task<INatsJSConsumer> CreateConsumerAsync(ConsumerConfig config, CancellationToken ct)
    {
        string subject = $"{_jetStream.Opts.Prefix}.CONSUMER.CREATE.{Stream}.{config.Name}{(config.FilterSubject is { } filter ? $".{filter}" : "")}";
        return AskAsync(subject, () => _jetStream.CreateConsumerAsync(Stream, config, ct).AsTask());
    }

    /// <summary>How far a consumer has come; null if it is gone, or not to be seen.</summary>
    internal async Task<ConsumerInfo?> FindConsumerAsync(string name, CancellationToken ct)
    {
        if (Volatile.Read(ref _consumersAreHidden))
        {
            return null;
        }

        long start = Stopwatch.GetTimestamp();
        try
        {
            return (await _jetStream.GetConsumerAsync(Stream, name, ct).ConfigureAwait(false)).Info;
        }
        catch (NatsJSApiException error) when (error.Error.Code == NotFound)
        {
            return null;
        }
        catch (NatsException) when (_permissions.AgainstSending($"{_jetStream.Opts.Prefix}.CONSUMER.INFO.{Stream}.{name}", start) is not null)
        {
            Volatile.Write(ref _consumersAreHidden, true);
            return null;
        }
    }

    /// <summary>Deletes a consumer, as a courtesy: the server would do it by itself later.</summary>
    internal async Task DeleteConsumerAsync(string name)
    {
        using var limit = new CancellationTokenSource(_courtesy);
        try
        {
            await _jetStream.DeleteConsumerAsync(Stream, name, limit.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (IsPassing(error) || error is NatsJSApiException or NatsConnectionFailedException or ObjectDisposedException)
        {
            // It is gone, or out of reach.
        }
    }

    /// <summary>Sends an event; the answer is awaited apart, so that others can be sent meanwhile.</summary>
    /// <remarks>Not the client's own way: that one stops listening a request's time after each call, while the event may still be in a buffer.</remarks>
    internal async ValueTask<NatsJSPublishConcurrentFuture> SendAsync(
        string subject, ReadOnlyMemory<byte> payload, NatsJSPubOpts options, TimeSpan listen, CancellationToken ct)
    {
        var headers = new NatsHeaders { ["Nats-Msg-Id"] = options.MsgId, ["Nats-Expected-Stream"] = options.ExpectedStream };
        if (options.ExpectedLastSequence is { } sequence)
        {
            headers["Nats-Expected-Last-Sequence"] = sequence.ToString(CultureInfo.InvariantCulture);
        }

        return new NatsJSPublishConcurrentFuture(await Connection.CreateRequestSubAsync(
            subject,
            payload,
            headers,
            NatsRawSerializer<ReadOnlyMemory<byte>>.Default,
            NatsJSJsonSerializer<PubAckResponse>.Default,
            NatsJSPubOpts.Default,
            new NatsSubOpts { Timeout = listen, ThrowIfNoResponders = true },
            ct).ConfigureAwait(false));
    }

    /// <summary>Throws if the server has forbidden to send to a subject, or to get the answer, since a time of <see cref="Stopwatch"/>.</summary>
    internal void ThrowIfForbidden(string subject, long since, Exception? error = null) =>
        ThrowIfRefused(_permissions.AgainstSending(subject, since) ?? _permissions.AgainstAnswers(since), error);

    /// <summary>Throws if the server has forbidden to read from a consumer since a time of <see cref="Stopwatch"/>.</summary>
    internal void ThrowIfReadingIsForbidden(string consumer, long since) => ThrowIfRefused(_permissions.AgainstSending(PullSubject(consumer), since));

    /// <summary>The subject on which a consumer is asked for messages.</summary>
    internal string PullSubject(string consumer) => $"{_jetStream.Opts.Prefix}.CONSUMER.MSG.NEXT.{Stream}.{consumer}";

    /// <summary>Throws if the stream does not store a subject.</summary>
    internal async Task ThrowIfNotStoredAsync(string subject, CancellationToken ct)
    {
        StreamInfo info = await GetInfoAsync(ct).ConfigureAwait(false);
        ICollection<string> subjects = info.Config.Subjects ?? [];
        if (!subjects.Any(pattern => SubjectPattern.Matches(pattern, subject)))
        {
            throw new NatsEventStreamException($"Stream '{Stream}' does not store subject '{subject}', only {string.Join(", ", subjects.Select(s => $"'{s}'"))}.");
        }
    }

    private void ThrowIfRefused(string? refusal, Exception? error = null)
    {
        if (refusal is not null)
        {
            throw new NatsEventStreamException($"The server does not permit what stream '{Stream}' was to be used for: {refusal}.", error);
        }
    }

    private async Task<TAnswer> AskAsync<TAnswer>(string subject, Func<Task<TAnswer>> ask)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (NatsJSApiException error) when (!IsPassing(error))
        {
            throw error.Error.ErrCode == StreamNotFound
                ? new NatsEventStreamException($"The server has no stream '{Stream}'.", error)
                : new NatsEventStreamException($"The server refuses to read from stream '{Stream}': {error.Error.Description}.", error);
        }
        catch (NatsConnectionFailedException error)
        {
            throw new NatsEventStreamException($"The connection that stream '{Stream}' uses has failed for good.", error);
        }
        catch (ObjectDisposedException error)
        {
            throw new NatsEventStreamException($"The connection that stream '{Stream}' uses was disposed.", error);
        }
        catch (NatsException error)
        {
            ThrowIfForbidden(subject, start, error);
            throw;
        }
    }
}

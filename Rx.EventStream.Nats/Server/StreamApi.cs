using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats.Publishing;
using Rx.Nats.Tracing;

namespace Rx.Nats.Server;

/// <summary>The requests to one stream on the server, and what their answers mean.</summary>
/// <remarks>
/// A transient failure, such as a lost connection, is thrown as the client's exception; <see cref="IsTransient"/> recognizes it. A permanent failure is
/// thrown as a <see cref="NatsEventStreamException"/> that says what is wrong.
/// <para><b>Concurrency.</b> Any thread.</para>
/// </remarks>
internal sealed class StreamApi : IDisposable
{
    private const int StreamNotFound = 10059;
    private const int MaximumConsumers = 10026;
    private const int NotFound = 404;

    /// <summary>The smallest number of refusals to remember.</summary>
    private const int KeptRefusals = 64;

    /// <summary>How long to wait for an answer that nothing depends on, while other work waits.</summary>
    private static readonly TimeSpan _courtesy = TimeSpan.FromSeconds(1);

    /// <summary>The same at the end, when no other work waits: a slow server or a busy machine must not leave a consumer behind.</summary>
    private static readonly TimeSpan _courtesyAtEnd = TimeSpan.FromSeconds(5);

    private readonly PermissionWatch _permissions;
    private readonly QuestionAccess _consumerInfo = new();
    private readonly QuestionAccess _messages = new();

    /// <param name="connection">The connection to use.</param>
    /// <param name="stream">The stream's name.</param>
    /// <param name="maxInFlight">The number of publications that the server can refuse at the same time.</param>
    internal StreamApi(INatsConnection connection, string stream, int maxInFlight)
    {
        JetStream = new NatsJSContext(connection);
        _permissions = new PermissionWatch(connection, Math.Max(KeptRefusals, maxInFlight));
        Connection = connection;
        Stream = stream;
    }

    internal INatsConnection Connection { get; }

    internal NatsJSContext JetStream { get; }

    internal string Stream { get; }

    public void Dispose() => _permissions.Dispose();

    /// <summary>Whether a retry can succeed.</summary>
    internal static bool IsTransient(Exception error) => error switch
    {
        NatsConnectionFailedException or NatsPayloadTooLargeException => false,
        NatsJSApiException api => api.Error.Code >= 500,
        NatsException or IOException or SocketException or TimeoutException or OperationCanceledException => true,
        _ => false,
    };

    /// <summary>Whether the stream has as many consumers as it is allowed to have. An abandoned consumer counts until the server deletes it.</summary>
    internal static bool IsConsumerLimit(Exception error) =>
        error is NatsEventStreamException { InnerException: NatsJSApiException { Error.ErrCode: MaximumConsumers } };

    /// <summary>Whether the stream does not exist.</summary>
    internal static bool IsStreamNotFound(Exception error) =>
        error is NatsEventStreamException { InnerException: NatsJSApiException { Error.ErrCode: StreamNotFound } };

    /// <summary>Connects, unless the connection is open.</summary>
    internal async Task ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Connection.ConnectAsync().AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (NatsException error)
        {
            // The client masks passwords in its messages.
            throw new NatsEventStreamException(
                $"No server could be reached for stream '{Stream}': {error.Message}{(error.InnerException is { } cause ? $": {cause.Message}" : "")}", error);
        }
    }

    /// <summary>The current content and configuration of the stream.</summary>
    internal Task<StreamInfo> GetInfoAsync(CancellationToken cancellationToken) =>
        AskAsync($"{JetStream.Opts.Prefix}.STREAM.INFO.{Stream}", async () => (await JetStream.GetStreamAsync(Stream, null, cancellationToken).ConfigureAwait(false)).Info);

    internal Task<INatsJSConsumer> CreateConsumerAsync(ConsumerConfig config, CancellationToken cancellationToken)
    {
        string subject = $"{JetStream.Opts.Prefix}.CONSUMER.CREATE.{Stream}.{config.Name}{(config.FilterSubject is { } filter ? $".{filter}" : "")}";
        return AskAsync(subject, () => JetStream.CreateConsumerAsync(Stream, config, cancellationToken).AsTask());
    }

    /// <summary>The sequence number of the last event with a subject that the stream still has, 0 if it has none; null if the stream has not stored a
    /// sequence number yet.</summary>
    /// <param name="filter">The subjects, or null for all.</param>
    /// <param name="stored">The sequence number that the stream must have stored.</param>
    /// <param name="cancellationToken">Ends the questions.</param>
    /// <returns>If looking at events is not permitted, the stream's last sequence number instead, which can belong to another subject.</returns>
    internal async Task<long?> FindEndAsync(string? filter, long stored, CancellationToken cancellationToken)
    {
        INatsJSStream stream = await AskAsync(
            $"{JetStream.Opts.Prefix}.STREAM.INFO.{Stream}",
            () => JetStream.GetStreamAsync(Stream, null, cancellationToken).AsTask()).ConfigureAwait(false);
        StreamState state = stream.Info.State;
        var last = (long)state.LastSeq;
        if (last < stored)
        {
            return null;
        }

        // Only then can the last event be another one than the last sequence number says.
        bool mustLook = state.Messages > 0 && (filter is not null || state.NumDeleted > 0);
        return mustLook ? await FindLastAsync(stream, filter, cancellationToken).ConfigureAwait(false) ?? last : state.Messages > 0 ? last : 0;
    }

    /// <summary>How far a consumer has come, or null if the consumer is gone or asking about it is not permitted.</summary>
    internal async Task<ConsumerInfo?> FindConsumerAsync(string name, CancellationToken cancellationToken)
    {
        if (_consumerInfo.IsDenied)
        {
            return null;
        }

        long start = Stopwatch.GetTimestamp();
        try
        {
            return (await JetStream.GetConsumerAsync(Stream, name, cancellationToken).ConfigureAwait(false)).Info;
        }
        catch (NatsJSApiException error) when (error.Error.Code == NotFound)
        {
            return null;
        }
        catch (NatsException) when (_permissions.FindSendRefusal($"{JetStream.Opts.Prefix}.CONSUMER.INFO.{Stream}.{name}", start) is not null)
        {
            _consumerInfo.Deny();
            return null;
        }
    }

    /// <summary>Tries to delete a consumer. If that fails, the server deletes the consumer itself after its inactivity threshold.</summary>
    /// <param name="name">The consumer's name.</param>
    /// <param name="isAtEnd">Whether no other work waits for this.</param>
    internal async Task DeleteConsumerAsync(string name, bool isAtEnd = false)
    {
        using var limit = new CancellationTokenSource(isAtEnd ? _courtesyAtEnd : _courtesy);
        try
        {
            await JetStream.DeleteConsumerAsync(Stream, name, limit.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (IsTransient(error) || error is NatsJSApiException or NatsConnectionFailedException or ObjectDisposedException)
        {
            // The consumer is gone, or the server cannot be reached.
        }
    }

    /// <summary>Sends an event, with the trace context of its activity if it has one. The answer is awaited separately, so that other events can be sent in
    /// between.</summary>
    /// <remarks>The client's own method is not used: it stops listening one request timeout after the call, when the event can still be in a send buffer.</remarks>
    internal async ValueTask<NatsJSPublishConcurrentFuture> SendAsync(Publication publication, CancellationToken cancellationToken)
    {
        NatsJSPubOpts options = publication.Options;
        var headers = new NatsHeaders { ["Nats-Msg-Id"] = options.MsgId, ["Nats-Expected-Stream"] = options.ExpectedStream };
        if (options.ExpectedLastSequence is { } sequence)
        {
            headers["Nats-Expected-Last-Sequence"] = sequence.ToString(CultureInfo.InvariantCulture);
        }

        if (publication.Activity is { } activity)
        {
            TraceContext.Write(activity, headers); // if the client starts an activity for sending, it writes that one instead
        }

        return new NatsJSPublishConcurrentFuture(await Connection.CreateRequestSubAsync(
            publication.Subject,
            publication.Payload,
            headers,
            NatsRawSerializer<ReadOnlyMemory<byte>>.Default,
            NatsJSJsonSerializer<PubAckResponse>.Default,
            NatsJSPubOpts.Default,
            new NatsSubOpts { Timeout = publication.Timeout, ThrowIfNoResponders = true },
            cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Throws if the server has refused a message for a subject, or the subscription for its answer, since a <see cref="Stopwatch"/> timestamp.</summary>
    internal void ThrowIfSendingIsDenied(string subject, long since, Exception? error = null) =>
        ThrowIfRefused(_permissions.FindSendRefusal(subject, since) ?? _permissions.FindAnswerRefusal(since), error);

    /// <summary>Throws if the server has refused to let a consumer be read since a <see cref="Stopwatch"/> timestamp.</summary>
    internal void ThrowIfReadingIsDenied(string consumer, long since) => ThrowIfRefused(_permissions.FindSendRefusal(PullSubject(consumer), since));

    /// <summary>The subject for requesting messages of a consumer.</summary>
    internal string PullSubject(string consumer) => $"{JetStream.Opts.Prefix}.CONSUMER.MSG.NEXT.{Stream}.{consumer}";

    /// <summary>Throws if the stream does not store a subject.</summary>
    internal async Task ThrowIfNotStoredAsync(string subject, CancellationToken cancellationToken)
    {
        StreamInfo info = await GetInfoAsync(cancellationToken).ConfigureAwait(false);
        ICollection<string> subjects = info.Config.Subjects ?? [];
        if (!subjects.Any(pattern => SubjectPattern.Matches(pattern, subject)))
        {
            throw new NatsEventStreamException($"Stream '{Stream}' does not store subject '{subject}'. It stores {string.Join(", ", subjects.Select(s => $"'{s}'"))}.");
        }
    }

    /// <summary>The name of the stream that stores a subject, or null.</summary>
    internal Task<string?> FindStreamAsync(string subject, CancellationToken cancellationToken) =>
        AskAsync(
            $"{JetStream.Opts.Prefix}.STREAM.NAMES",
            () => JetStream.ListStreamNamesAsync(subject, cancellationToken).FirstOrDefaultAsync(cancellationToken).AsTask());

    /// <summary>The payload of an event as it is stored; null if the stream does not hold the event any more, or looking at events is not permitted.</summary>
    internal async Task<byte[]?> FindPayloadAsync(long sequence, CancellationToken cancellationToken)
    {
        INatsJSStream stream = await JetStream.GetStreamAsync(Stream, null, cancellationToken).ConfigureAwait(false);
        (_, StoredMessage? found) = await FindMessageAsync(stream, new StreamMsgGetRequest { Seq = (ulong)sequence }, cancellationToken).ConfigureAwait(false);
        return found?.Data.ToArray();
    }

    /// <summary>The sequence number of the last event with a subject, 0 if there is none; null if looking at events is not permitted.</summary>
    private async Task<long?> FindLastAsync(INatsJSStream stream, string? filter, CancellationToken cancellationToken)
    {
        var request = new StreamMsgGetRequest { LastBySubj = filter ?? ">" };
        (bool isPermitted, StoredMessage? found) = await FindMessageAsync(stream, request, cancellationToken).ConfigureAwait(false);
        return isPermitted ? (long)(found?.Seq ?? 0) : null;
    }

    /// <summary>Looks at an event. There is none if the stream does not hold it, or if looking at events is not permitted.</summary>
    private async Task<(bool IsPermitted, StoredMessage? Found)> FindMessageAsync(
        INatsJSStream stream, StreamMsgGetRequest request, CancellationToken cancellationToken)
    {
        if (_messages.IsDenied)
        {
            return (false, null);
        }

        long start = Stopwatch.GetTimestamp();
        try
        {
            return (true, (await stream.GetAsync(request, cancellationToken).ConfigureAwait(false)).Message);
        }
        catch (NatsJSApiException error) when (error.Error.Code == NotFound)
        {
            return (true, null);
        }
        catch (NatsException) when (_permissions.FindSendRefusal($"{JetStream.Opts.Prefix}.STREAM.MSG.GET.{Stream}", start) is not null)
        {
            _messages.Deny();
            return (false, null);
        }
    }

    private void ThrowIfRefused(string? refusal, Exception? error = null)
    {
        if (refusal is not null)
        {
            throw new NatsEventStreamException($"The server does not permit this use of stream '{Stream}': {refusal}.", error);
        }
    }

    private async Task<TAnswer> AskAsync<TAnswer>(string subject, Func<Task<TAnswer>> ask)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (NatsJSApiException error) when (!IsTransient(error))
        {
            throw error.Error.ErrCode == StreamNotFound
                ? new NatsEventStreamException($"The server has no stream '{Stream}'.", error)
                : new NatsEventStreamException($"The server refuses a request to read stream '{Stream}': {error.Error.Description}.", error);
        }
        catch (NatsConnectionFailedException error)
        {
            throw new NatsEventStreamException($"The connection of stream '{Stream}' has failed permanently.", error);
        }
        catch (ObjectDisposedException error)
        {
            throw new NatsEventStreamException($"The connection of stream '{Stream}' was disposed.", error);
        }
        catch (NatsException error)
        {
            ThrowIfSendingIsDenied(subject, start, error);
            throw;
        }
    }
}

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

    private readonly NatsJSContext _jetStream;
    private readonly PermissionWatch _permissions;

    internal StreamApi(INatsConnection connection, string stream)
    {
        _jetStream = new NatsJSContext(connection);
        _permissions = new PermissionWatch(connection);
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

    /// <summary>Deletes a consumer, as a courtesy: the server would do it by itself later.</summary>
    internal async Task DeleteConsumerAsync(string name, CancellationToken ct)
    {
        try
        {
            await _jetStream.DeleteConsumerAsync(Stream, name, ct).ConfigureAwait(false);
        }
        catch (Exception error) when (IsPassing(error) || error is NatsJSApiException or NatsConnectionFailedException or ObjectDisposedException)
        {
            // It is gone, or out of reach.
        }
    }

    /// <summary>Sends an event; the answer is awaited apart, so that others can be sent meanwhile.</summary>
    internal ValueTask<NatsJSPublishConcurrentFuture> SendAsync(string subject, ReadOnlyMemory<byte> payload, NatsJSPubOpts options, CancellationToken ct) =>
        _jetStream.PublishConcurrentAsync(subject, payload, NatsRawSerializer<ReadOnlyMemory<byte>>.Default, options, headers: null, ct);

    /// <summary>Throws if the server has forbidden the use of a subject.</summary>
    internal void ThrowIfForbidden(string subject, Exception? error = null)
    {
        if (_permissions.Against(subject) is { } refusal)
        {
            throw new NatsEventStreamException($"The server does not permit what stream '{Stream}' was to be used for: {refusal}.", error);
        }
    }

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

    private async Task<TAnswer> AskAsync<TAnswer>(string subject, Func<Task<TAnswer>> ask)
    {
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
            ThrowIfForbidden(subject, error);
            throw;
        }
    }
}

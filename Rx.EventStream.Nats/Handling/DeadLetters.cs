using System.Buffers;
using System.Globalization;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats.Server;

namespace Rx.Nats.Handling;

/// <summary>Stores events that a handler could not handle under a subject of their own, with the reason.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// The payload is the stored one, byte by byte, and the headers are the original ones, except those with which a publisher instructs the server.
/// <para><b>Concurrency.</b> Any thread.</para>
/// </remarks>
internal sealed class DeadLetters<T>(StreamApi api, NatsEventStreamOptions<T> options, string handler, string subject)
{
    private const string Prefix = "Dead-Letter-";
    private const string ServerPrefix = "Nats-";
    private const string MessageId = "Nats-Msg-Id";

    /// <summary>Checks that a stream stores the subject, and that the handler does not read its own dead letters.</summary>
    /// <exception cref="NatsEventStreamException">No stream does, or the handler would.</exception>
    internal async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (await api.FindStreamAsync(subject, cancellationToken).ConfigureAwait(false) is not { } stream)
        {
            throw new NatsEventStreamException($"No stream stores '{subject}', the subject for dead letters of handler '{handler}'.");
        }

        if (stream == api.Stream && (options.Filter is null || SubjectPattern.Matches(options.Filter, subject)))
        {
            throw new NatsEventStreamException(
                $"Handler '{handler}' would read its own dead letters: stream '{stream}' stores '{subject}', and the filter does not leave it out.");
        }
    }

    /// <summary>Stores an event, however long that takes.</summary>
    /// <exception cref="NatsEventStreamException">The event cannot be stored, and a retry would not help.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    internal async Task StoreAsync(NatsEvent<T> e, Exception error, CancellationToken cancellationToken)
    {
        var backoff = new Backoff();
        while (true)
        {
            try
            {
                byte[] payload = await api.FindPayloadAsync(e.Sequence, cancellationToken).ConfigureAwait(false) ?? Serialize(e);
                PubAckResponse answer = await api.JetStream.PublishAsync(
                    subject,
                    payload,
                    NatsRawSerializer<byte[]>.Default,
                    new NatsJSPubOpts { MsgId = string.Create(CultureInfo.InvariantCulture, $"{handler}-{api.Stream}-{e.Sequence}") },
                    Headers(e, error),
                    cancellationToken).ConfigureAwait(false);
                answer.EnsureSuccess();
                return;
            }
            catch (NatsJSApiException refused) when (!StreamApi.IsTransient(refused))
            {
                throw new NatsEventStreamException($"Dead letter '{subject}' was refused: {refused.Error.Description}.", refused);
            }
            catch (NatsJSDuplicateMessageException)
            {
                return; // an attempt whose answer was lost, or a call for this event before a restart
            }
            catch (Exception failure) when (StreamApi.IsTransient(failure) && !cancellationToken.IsCancellationRequested)
            {
                await backoff.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private NatsHeaders Headers(NatsEvent<T> e, Exception error)
    {
        var headers = new NatsHeaders();
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in e.Headers ?? [])
        {
            if (!name.StartsWith(ServerPrefix, StringComparison.OrdinalIgnoreCase))
            {
                headers[name] = values;
            }
            else if (name.Equals(MessageId, StringComparison.OrdinalIgnoreCase))
            {
                headers[Prefix + "Message-Id"] = values;
            }
        }

        headers[Prefix + "Handler"] = handler;
        headers[Prefix + "Stream"] = api.Stream;
        headers[Prefix + "Sequence"] = e.Sequence.ToString(CultureInfo.InvariantCulture);
        headers[Prefix + "Subject"] = e.Subject;
        headers[Prefix + "Error"] = error.GetType().FullName;
        headers[Prefix + "Reason"] = OneLine(error.Message);
        return headers;
    }

    /// <summary>A header cannot hold line breaks.</summary>
    private static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    /// <summary>The payload of an event that the stream no longer holds.</summary>
    private byte[] Serialize(NatsEvent<T> e)
    {
        var payload = new ArrayBufferWriter<byte>();
        if (e.Unreadable is null)
        {
            options.Serializer.Serialize(payload, e.Value);
        }

        return payload.WrittenSpan.ToArray();
    }
}

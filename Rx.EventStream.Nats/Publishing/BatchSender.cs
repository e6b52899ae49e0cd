using System.Diagnostics;
using System.Globalization;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats.Server;
using Rx.Nats.Tracing;

namespace Rx.Nats.Publishing;

/// <summary>Sends a batch of publications until each has its outcome.</summary>
/// <remarks>
/// An attempt sends the whole batch and then takes all answers. Publications without an answer are sent again, before anything newer and under the
/// same message ids, so the server stores each event once. The time limit for an answer starts when the batch is sent, and starts again with each
/// answer that comes: a slow connection is not a silent one. Within a batch the order can change when the connection breaks: the client can send
/// the rest of the batch on the next connection, before the events that were lost with the old one are sent again.
/// <para><b>Concurrency.</b> One caller at a time, the publisher's loop.</para>
/// </remarks>
internal sealed class BatchSender
{
    private const int WrongLastSequence = 10071;
    private const int WrongStream = 10060;

    /// <summary>The error code for an event that the server is still storing from an earlier attempt. Only clusters send it.</summary>
    private const int DuplicateInProcess = 10158;

    private readonly StreamApi _api;

    internal BatchSender(StreamApi api)
    {
        _api = api;
    }

    /// <summary>Sends a batch until each publication has its outcome. The list is empty when it returns.</summary>
    internal async Task SendAsync(List<Publication> batch)
    {
        var backoff = new Backoff();
        while (true)
        {
            GiveUpOverdue(batch);
            batch.RemoveAll(static p => p.IsEnded);
            if (batch.Count == 0)
            {
                return;
            }

            try
            {
                await AttemptAsync(batch).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                batch.ForEach(p => p.Fail(error)); // an unexpected error must not leave a caller waiting for ever
            }

            batch.RemoveAll(static p => p.IsEnded);
            if (batch.Count > 0)
            {
                await backoff.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sends each publication in order, then takes the answers. Publications without an answer stay pending.</summary>
    private async Task AttemptAsync(List<Publication> batch)
    {
        long start = Stopwatch.GetTimestamp();
        var sent = new List<(Publication Publication, NatsJSPublishConcurrentFuture Answer)>(batch.Count);
        using (var limit = new CancellationTokenSource(batch.Min(static p => p.Remaining)))
        {
            foreach (Publication publication in batch)
            {
                if (await TrySendAsync(publication, limit.Token).ConfigureAwait(false) is not { } answer)
                {
                    if (publication.IsEnded)
                    {
                        continue;
                    }

                    break; // the next ones must not overtake it
                }

                sent.Add((publication, answer));
            }
        }

        await TakeAnswersAsync(sent, start).ConfigureAwait(false);
    }

    private async Task TakeAnswersAsync(List<(Publication Publication, NatsJSPublishConcurrentFuture Answer)> sent, long start)
    {
        var unheard = new HashSet<string>();
        using var limit = new CancellationTokenSource();
        foreach ((Publication publication, NatsJSPublishConcurrentFuture answer) in sent)
        {
            // Each answer gets the full request timeout as long as answers come, but no more than the time its publication has left.
            limit.CancelAfter(Min(_api.Connection.Opts.RequestTimeout, publication.Remaining));
            await TakeAnswerAsync(publication, answer, start, limit.Token).ConfigureAwait(false);
            if (publication is { IsEnded: false, LastError: NatsNoRespondersException or NatsJSPublishNoResponseException } && unheard.Add(publication.Subject))
            {
                await FailIfNotStoredAsync(publication, limit.Token).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<NatsJSPublishConcurrentFuture?> TrySendAsync(Publication publication, CancellationToken cancellationToken)
    {
        try
        {
            // Waits while there is no connection: a publication that was certainly not sent can then be told from one that may have been.
            if (_api.Connection.ConnectionState != NatsConnectionState.Open)
            {
                await _api.Connection.ConnectAsync().AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            publication.WasSent = true;
            TraceContext.MakeCurrent(publication.Activity); // until this method returns
            return await _api.SendAsync(publication, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            RecordFailure(publication, error);
            return null;
        }
    }

    private async ValueTask TakeAnswerAsync(
        Publication publication, NatsJSPublishConcurrentFuture answer, long start, CancellationToken cancellationToken)
    {
        try
        {
            // If there was no responder, disposing throws too.
            await using (answer.ConfigureAwait(false))
            {
                PubAckResponse response = await ResponseAsync(answer, cancellationToken).ConfigureAwait(false);
                if (response.Error is { } error)
                {
                    await RefuseAsync(publication, error, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    publication.Complete((long)response.Seq);
                }
            }
        }
        catch (Exception error)
        {
            RecordFailure(publication, error);
            FailIfDenied(publication, start, error);
        }
    }

    /// <summary>The response. One that has already come is taken even after the time limit, which may have run out on an earlier publication.</summary>
    private static async ValueTask<PubAckResponse> ResponseAsync(NatsJSPublishConcurrentFuture answer, CancellationToken cancellationToken)
    {
        if (!cancellationToken.IsCancellationRequested)
        {
            return await answer.GetResponseAsync(cancellationToken).ConfigureAwait(false);
        }

        using var now = new CancellationTokenSource();
        ValueTask<PubAckResponse> response = answer.GetResponseAsync(now.Token);
        if (!response.IsCompleted)
        {
            await now.CancelAsync().ConfigureAwait(false);
        }

        return await response.ConfigureAwait(false);
    }

    /// <summary>Handles an error response. No attempt has stored the event: the server would have recognized the message id.</summary>
    private async ValueTask RefuseAsync(Publication publication, ApiError error, CancellationToken cancellationToken)
    {
        if (error.ErrCode == DuplicateInProcess)
        {
            publication.LastError = new NatsEventStreamException($"Stream '{_api.Stream}' is still storing an event for subject '{publication.Subject}'.");
            return;
        }

        publication.WasSent = false;
        if (error.ErrCode == WrongLastSequence)
        {
            // "wrong last sequence: 42"
            if (!long.TryParse(error.Description?.Split(' ')[^1], CultureInfo.InvariantCulture, out long actual))
            {
                actual = (long)(await _api.GetInfoAsync(cancellationToken).ConfigureAwait(false)).State.LastSeq;
            }

            publication.Fail(new WrongSequenceException(_api.Stream, (long)publication.Options.ExpectedLastSequence.GetValueOrDefault(), actual));
            return;
        }

        var refusal = new NatsEventStreamException(error.ErrCode == WrongStream
            ? $"Subject '{publication.Subject}' belongs to another stream than '{_api.Stream}'. The event was not stored."
            : $"Stream '{_api.Stream}' refuses an event for subject '{publication.Subject}': {error.Description}. The event was not stored.");
        if (error.Code >= 500)
        {
            publication.LastError = refusal; // a retry can succeed, for example when the stream has room or a leader again
        }
        else
        {
            publication.Fail(refusal);
        }
    }

    private void FailIfDenied(Publication publication, long start, Exception error)
    {
        try
        {
            _api.ThrowIfSendingIsDenied(publication.Subject, start, error);
        }
        catch (NatsEventStreamException denied)
        {
            publication.Fail(denied);
        }
    }

    /// <summary>Handles a publication without a responder: the server is not ready, or no stream stores the subject.</summary>
    private async ValueTask FailIfNotStoredAsync(Publication publication, CancellationToken cancellationToken)
    {
        try
        {
            await _api.ThrowIfNotStoredAsync(publication.Subject, cancellationToken).ConfigureAwait(false);
        }
        catch (NatsEventStreamException notStored)
        {
            publication.Fail(notStored);
        }
        catch (Exception error) when (StreamApi.IsTransient(error))
        {
            // The server is not ready.
        }
    }

    /// <summary>Records why an attempt failed. Ends the publication if another attempt would fail too.</summary>
    private void RecordFailure(Publication publication, Exception error)
    {
        if (StreamApi.IsTransient(error))
        {
            publication.LastError = error is OperationCanceledException ? publication.LastError : error;
            return;
        }

        publication.Fail(error switch
        {
            NatsPayloadTooLargeException => new NatsEventStreamException($"An event for subject '{publication.Subject}' was not stored: {error.Message}.", error),
            NatsConnectionFailedException or ObjectDisposedException =>
                publication.NoAnswer(new NatsEventStreamException($"The connection of stream '{_api.Stream}' is closed.", error)),
            _ => error,
        });
    }

    private static void GiveUpOverdue(List<Publication> batch)
    {
        foreach (Publication publication in batch)
        {
            if (publication.Remaining == TimeSpan.Zero)
            {
                publication.Fail(publication.NoAnswer());
            }
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}

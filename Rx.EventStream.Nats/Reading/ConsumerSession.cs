using System.Diagnostics;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats.Server;

namespace Rx.Nats.Reading;

/// <summary>One consumer on the server, from its creation until the reader replaces it: its messages, and what is known about them.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// It moves through three states, in this order:
/// <list type="bullet">
/// <item><b>Created</b>: the consumer exists on the server and has sent nothing.</item>
/// <item><b>Reading</b>, after <see cref="Start"/>: messages come.</item>
/// <item><b>Ended</b>, after <see cref="EndAsync"/>: no more messages are taken. The consumer can still be asked how far it has come.</item>
/// </list>
/// A session whose opening failed stays in state Created until it is disposed.
/// <para><b>Concurrency.</b> One owner at a time, the reader. <see cref="Name"/> can be read by any thread; the connection reports to
/// <see cref="ConsumerLoss"/> only.</para>
/// </remarks>
internal sealed class ConsumerSession<T> : IAsyncDisposable
{
    /// <summary>How long to wait for a message before the consumer is asked how far it has come.</summary>
    private static readonly TimeSpan _idle = TimeSpan.FromSeconds(5);

    private readonly StreamApi _api;
    private readonly NatsEventStreamOptions<T> _options;
    private readonly INatsJSConsumer _consumer;
    private readonly ConsumerLoss _loss;

    /// <summary>When the consumer was requested, as a <see cref="Stopwatch"/> timestamp.</summary>
    private readonly long _requestedAt;

    /// <summary>The messages, in state Reading; otherwise null.</summary>
    private IAsyncEnumerator<INatsJSMsg<T>>? _messages;

    /// <summary>The message that did not come within the idle time and is still awaited, or null.</summary>
    private Task<bool>? _moving;

    /// <summary>The number of messages that have come and were accepted.</summary>
    private ulong _accepted;

    /// <summary>The number of the last message that the server had sent before it trimmed anything that the reader still needs.</summary>
    private ulong _checkedUntil;

    private ConsumerSession(
        StreamApi api, NatsEventStreamOptions<T> options, INatsJSConsumer consumer, ConsumerLoss loss, long requestedAt, long lastBefore)
    {
        _api = api;
        _options = options;
        _consumer = consumer;
        _loss = loss;
        _requestedAt = requestedAt;
        LastBefore = lastBefore;
        JumpsAreNormal = options.Filter is not null;
        IsQuiet = consumer.Info.NumPending == 0;
    }

    /// <summary>The consumer's name on the server.</summary>
    internal string Name => _consumer.Info.Name;

    /// <summary>What the server said about the consumer when it created it.</summary>
    internal ConsumerInfo Info => _consumer.Info;

    /// <summary>The stream's last sequence number just before the consumer was created.</summary>
    internal long LastBefore { get; }

    /// <summary>Whether it is in state Reading.</summary>
    internal bool IsReading => _messages is not null;

    /// <summary>Whether the consumer had nothing to send when it was created, and the reader has not reported that yet.</summary>
    internal bool IsQuiet { get; private set; }

    /// <summary>Whether sequence numbers can jump although nothing is missing: events of other subjects or superseded events lie between.</summary>
    internal bool JumpsAreNormal { get; private set; }

    /// <summary>Whether the consumer, which reads the newest event of each subject, also leaves out events that the reader needs because they are newer than
    /// the start.</summary>
    internal bool OmitsNewEvents { get; private set; }

    /// <summary>Creates a consumer on the server. It sends nothing before <see cref="Start"/>.</summary>
    internal static async Task<ConsumerSession<T>> CreateAsync(
        StreamApi api,
        NatsEventStreamOptions<T> options,
        ConsumerConfig config,
        long lastBefore,
        CancellationToken lifetime,
        CancellationToken cancellationToken)
    {
        // Before the consumer, so that no disconnection after its creation goes unnoticed.
        var loss = new ConsumerLoss(api, config.Name!, lifetime);
        try
        {
            long requestedAt = Stopwatch.GetTimestamp();
            INatsJSConsumer consumer = await api.CreateConsumerAsync(config, cancellationToken).ConfigureAwait(false);
            return new ConsumerSession<T>(api, options, consumer, loss, requestedAt, lastBefore);
        }
        catch (Exception error)
        {
            loss.Dispose();
            if (StreamApi.IsTransient(error))
            {
                // The server may have created it: the call was canceled, or the answer was lost.
                await api.DeleteConsumerAsync(config.Name!, isAtEnd: lifetime.IsCancellationRequested).ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <summary>Created → Reading.</summary>
    /// <param name="jumpsAreNormal">See <see cref="JumpsAreNormal"/>.</param>
    /// <param name="omitsNewEvents">See <see cref="OmitsNewEvents"/>.</param>
    internal void Start(bool jumpsAreNormal, bool omitsNewEvents)
    {
        Debug.Assert(_messages is null, "A consumer is started once.");
        JumpsAreNormal = jumpsAreNormal;
        OmitsNewEvents = omitsNewEvents;
        _messages = _consumer.ConsumeAsync(_options.Serializer, ConsumerSettings.ToConsume(_options.Prefetch, _loss), _loss.Token)
            .GetAsyncEnumerator(CancellationToken.None);
    }

    /// <summary>Reading → Ended. In the other states it does nothing.</summary>
    internal async ValueTask EndAsync()
    {
        if (_messages is not { } messages)
        {
            return;
        }

        _messages = null;
        await _loss.DeclareAsync().ConfigureAwait(false);
        if (_moving is { } moving)
        {
            _moving = null;
            await ((Task)moving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        try
        {
            await messages.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (StreamApi.IsTransient(error) || error is NatsConnectionFailedException or ObjectDisposedException)
        {
            // The server stops sending by itself.
        }
    }

    /// <summary>Ends reading and releases the connection's events. The consumer stays on the server.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        _loss.Dispose();
    }

    /// <summary>Clears <see cref="IsQuiet"/>. True if it was set.</summary>
    internal bool TryReportQuiet()
    {
        bool wasQuiet = IsQuiet;
        IsQuiet = false;
        return wasQuiet;
    }

    /// <summary>Waits until a message, or the end of the messages, is there. False if neither comes within the idle time.</summary>
    internal async ValueTask<bool> WaitBrieflyAsync()
    {
        _moving ??= _messages!.MoveNextAsync().AsTask();
        if (!_moving.IsCompleted)
        {
            await ((Task)_moving).WaitAsync(_idle).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return _moving.IsCompleted;
    }

    /// <summary>The next message, or null if the consumer is lost.</summary>
    internal async ValueTask<INatsJSMsg<T>?> MoveNextAsync()
    {
        try
        {
            Task<bool>? moving = _moving;
            _moving = null;
            if (moving is null ? await _messages!.MoveNextAsync().ConfigureAwait(false) : await moving.ConfigureAwait(false))
            {
                return _messages!.Current;
            }
        }
        catch (Exception error) when (StreamApi.IsTransient(error))
        {
            // Deleted, moved or unreachable: opening the next consumer will tell.
        }

        return null;
    }

    /// <summary>Whether a message is the one after the last accepted one. Otherwise messages between the two were lost.</summary>
    internal bool IsNext(MessageMetadata message) => message.Number == _accepted + 1;

    /// <summary>Counts a message that is the next one.</summary>
    internal void Accept() => _accepted++;

    /// <summary>Whether the server had sent a message before it trimmed anything that the reader still needs.</summary>
    internal bool IsChecked(MessageMetadata message) => message.Number <= _checkedUntil;

    /// <summary>Notes that nothing which the reader needs was trimmed before the consumer sent a message.</summary>
    internal void SetCheckedUntil(ulong number) => _checkedUntil = number;

    /// <summary>What the server says about the consumer now, or null if it knows nothing of it.</summary>
    internal Task<ConsumerInfo?> FindAsync(CancellationToken cancellationToken) => _api.FindConsumerAsync(Name, cancellationToken);

    /// <summary>The last sequence number that the consumer has passed, if it has sent nothing that did not arrive; otherwise null.</summary>
    internal async ValueTask<long?> FindPassedAsync(CancellationToken cancellationToken)
    {
        ConsumerInfo? consumer = await FindAsync(cancellationToken).ConfigureAwait(false);
        return consumer is not null && (ulong)consumer.Delivered.ConsumerSeq == _accepted ? (long)consumer.Delivered.StreamSeq : null;
    }

    /// <summary>Throws if the server has refused to let the consumer be read.</summary>
    internal void ThrowIfReadingIsDenied() => _api.ThrowIfReadingIsDenied(Name, _requestedAt);
}

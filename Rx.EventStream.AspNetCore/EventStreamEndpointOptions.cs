using System.Security.Cryptography;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Rx.AspNetCore;

/// <summary>The options of an endpoint that serves a stream as server-sent events.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>The functions are called by all clients' connections, and must be thread-safe.
/// <para><b>Concurrency.</b> Immutable; one instance may serve any number of endpoints.</para></remarks>
public sealed class EventStreamEndpointOptions<T>
{
    /// <summary>The longest <see cref="Epoch"/>.</summary>
    internal const int MaxEpochLength = 64;

    /// <summary>No digits, so that an epoch is not read as a number.</summary>
    private const string EpochLetters = "abcdefghijklmnopqrstuvwxyz";
    private const int DefaultEpochLength = 8;

    private readonly string? _epoch = RandomNumberGenerator.GetString(EpochLetters, DefaultEpochLength);
    private readonly EventStreamStart? _start;
    private readonly LagPolicy _lagPolicy = LagPolicy.Fail(1_000);
    private readonly TimeSpan _heartbeat = TimeSpan.FromSeconds(15);
    private readonly TimeSpan? _reconnectionInterval;

    /// <summary>The key under which the stream is registered in the container. Default: null, registered without a key.</summary>
    /// <remarks>Only for endpoints whose stream comes from the container.</remarks>
    public object? ServiceKey { get; init; }

    /// <summary>How an event is written as JSON. Default: null, as the application's JSON options say
    /// (<c>ConfigureHttpJsonOptions</c>).</summary>
    /// <remarks>System.Text.Json's source generator provides it: <c>StockJson.Default.Change</c>.</remarks>
    public JsonTypeInfo<T>? Json { get; init; }

    /// <summary>The name of an event, for <c>addEventListener</c> in the browser. Default: null, no event has a name, and the browser raises
    /// <c>message</c>.</summary>
    /// <remarks>Null is no name. A name must have no line break. The endpoint's own events are named <c>snapshot</c>, <c>reset</c>,
    /// <c>dropped</c>, <c>completed</c> and <c>fault</c>.</remarks>
    public Func<T, string?>? EventName { get; init; }

    /// <summary>Makes the filter of a client from its request, once for each connection. Default: null, every client gets every event. If the
    /// function returns null, so does this client.</summary>
    /// <remarks>A <see cref="BadHttpRequestException"/> answers the request with its status code. The user is in
    /// <see cref="HttpContext.User"/>.
    /// <para>A client that resumes does not get again what was filtered: the id moves over filtered events too.</para></remarks>
    public Func<HttpRequest, Func<T, bool>?>? Filter { get; init; }

    /// <summary>Where a client starts that has no event id, or one that cannot be resumed. Default: <see cref="EventStreamStart.Now"/>.</summary>
    /// <remarks>Not for an endpoint with a projection, where such a client starts with a snapshot.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enumeration.</exception>
    public EventStreamStart Start
    {
        get => _start ?? EventStreamStart.Now;
        init => _start = Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "Start must be EventStreamStart.Now or EventStreamStart.Oldest.");
    }

    /// <summary>What happens to a client that reads too slowly. Default: <c>LagPolicy.Fail(1_000)</c>.</summary>
    /// <remarks>
    /// With <see cref="LagPolicy.Fail"/> its response ends. A browser reconnects then, and resumes from what the stream retains. With
    /// <see cref="LagPolicy.DropOldest"/> and <see cref="LagPolicy.Latest"/> it gets an event <c>dropped</c> with the number of events that it
    /// missed, or a new snapshot if the endpoint has a projection. With <see cref="LagPolicy.Wait"/> publishers wait for the slowest client:
    /// use it only for clients that you trust. With <see cref="LagPolicy.Unbounded"/> a client that does not read keeps all later events in
    /// memory.
    /// <para>What a client replays is not lag.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public LagPolicy LagPolicy
    {
        get => _lagPolicy;
        init => _lagPolicy = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The second part of an event id: it tells the numbers of this stream from those of another run of the program, which start at 0
    /// again. Default: a random text, made with the options.</summary>
    /// <remarks>Null is for streams that have the same events under the same numbers in each run, such as one that is filled from a
    /// journal first. Ids then are numbers alone. Any other value has 1 to 64 ASCII letters, digits, <c>.</c>, <c>_</c> and
    /// <c>-</c>.</remarks>
    /// <exception cref="ArgumentException">The value is not such a text.</exception>
    public string? Epoch
    {
        get => _epoch;
        init => _epoch = value is null || IsEpoch(value)
            ? value
            : throw new ArgumentException(
                $"Epoch must have 1 to {MaxEpochLength} ASCII letters, digits, '.', '_' and '-', or be null. It is \"{value}\".", nameof(value));
    }

    /// <summary>How long a response may be silent before a comment is written, so that proxies keep the connection and a client that is gone is
    /// noticed; at least a millisecond. Default: 15 seconds. <see cref="Timeout.InfiniteTimeSpan"/> writes none.</summary>
    /// <remarks>The response looks at the clock once in this time, so it is never silent for twice this time.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan Heartbeat
    {
        get => _heartbeat;
        init => _heartbeat = value == Timeout.InfiniteTimeSpan || (value >= TimeSpan.FromMilliseconds(1) && value <= MaxInterval)
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), value, "Heartbeat must be from 1 millisecond to 24 days, or Timeout.InfiniteTimeSpan for none.");
    }

    /// <summary>How long a browser waits before it reconnects. Default: null, as long as the browser likes, a few seconds.</summary>
    /// <remarks>The stream's retention must cover this time, so that a client resumes without a gap.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or more than 24 days.</exception>
    public TimeSpan? ReconnectionInterval
    {
        get => _reconnectionInterval;
        init => _reconnectionInterval = value is null || (value >= TimeSpan.Zero && value <= MaxInterval)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "ReconnectionInterval must be from zero to 24 days, or null.");
    }

    /// <summary>The clock of <see cref="Heartbeat"/>. Default: null, the container's <see cref="System.TimeProvider"/> if it has one, else
    /// <see cref="TimeProvider.System"/>.</summary>
    public TimeProvider? TimeProvider { get; init; }

    internal bool HasStart => _start is not null;

    private static TimeSpan MaxInterval => TimeSpan.FromDays(24);

    private static bool IsEpoch(string text) =>
        text.Length is > 0 and <= MaxEpochLength && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}

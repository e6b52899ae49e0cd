using Rx.Nats.Server;

namespace Rx.Nats.Waiting;

/// <summary>Waits until a reader has reached a sequence number, or what the server has.</summary>
/// <remarks>
/// An event of the reader's own subjects ends a wait by itself. Between such events the reader learns late, or never, that it has passed events of other
/// subjects, or events that were deleted before it came to them. A wait therefore asks the server: a reader that has reached the last event of
/// its subjects which the stream still has has reached everything before that. One answer can be outdated by a deletion, so a wait that goes on asks again.
/// <para><b>Concurrency.</b> Any thread.</para>
/// </remarks>
internal sealed class CatchUpWait
{
    /// <summary>How long an event that is stored normally takes to arrive, with a wide margin. A wait that lasts longer asks the server.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    /// <summary>The longest time between two questions.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(8);

    private readonly StreamApi _api;
    private readonly string? _filter;
    private readonly SequenceWaits _waits;

    /// <param name="api">The stream on the server.</param>
    /// <param name="filter">The subjects that the reader reads, or null for all.</param>
    /// <param name="waits">How far the reader has come.</param>
    internal CatchUpWait(StreamApi api, string? filter, SequenceWaits waits)
    {
        _api = api;
        _filter = filter;
        _waits = waits;
    }

    /// <summary>Waits until the reader has reached a sequence number, which can lie in the future.</summary>
    internal Task WhenReachedAsync(long sequence, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        SequenceWait wait = _waits.Add(sequence);
        return wait.IsEnded ? wait.Ended : WaitAsync(wait, sequence, _filter is null ? _patience : TimeSpan.Zero, cancellationToken);
    }

    /// <summary>Waits until the reader has reached everything that the server has when it is asked.</summary>
    internal Task WhenCaughtUpAsync(CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? Task.FromCanceled(cancellationToken)
            : WaitAsync(_waits.Add(long.MaxValue), stored: 0, TimeSpan.Zero, cancellationToken);

    private async Task WaitAsync(SequenceWait wait, long stored, TimeSpan pause, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static (wait, token) => ((SequenceWait)wait!).Cancel(token), wait);
        using var stop = new CancellationTokenSource();
        Task asking = AskAsync(wait, stored, pause, stop.Token);
        try
        {
            await wait.Ended.ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Asks where the server's events end until the wait has ended.</summary>
    /// <param name="wait">The wait.</param>
    /// <param name="stored">The sequence number that the server must have stored before its answer can end the wait.</param>
    /// <param name="pause">The time before the first question.</param>
    /// <param name="cancellationToken">Canceled when the wait has ended.</param>
    private async Task AskAsync(SequenceWait wait, long stored, TimeSpan pause, CancellationToken cancellationToken)
    {
        var backoff = new Backoff();
        while (!wait.IsEnded)
        {
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            try
            {
                if (await _api.FindEndAsync(_filter, stored, cancellationToken).ConfigureAwait(false) is { } end)
                {
                    wait.LowerTo(end);
                }

                pause = pause < _patience ? _patience : pause * 2 < _longest ? pause * 2 : _longest;
            }
            catch (Exception error) when (StreamApi.IsTransient(error))
            {
                await backoff.WaitAsync(cancellationToken).ConfigureAwait(false);
                pause = TimeSpan.Zero;
            }
            catch (Exception error)
            {
                wait.Fail(error);
            }
        }
    }
}

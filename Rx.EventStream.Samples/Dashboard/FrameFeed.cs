using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Rx.Samples.Dashboard;

/// <summary>Publishes a frame ten times per second, to a stream that each page follows with its own subscription.</summary>
internal sealed class FrameFeed : IAsyncDisposable
{
    /// <summary>Half a minute, for pages that reload or reconnect, and for the charts of a new page.</summary>
    private const int Retained = 300;

    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _reconnectDelay = TimeSpan.FromSeconds(1);

    private readonly EventStream<DashboardFrame> _frames =
        new(new EventStreamOptions { SingleWriter = true, Retention = Retention.Count(Retained) });

    private readonly PeriodicTimer _timer = new(_interval);
    private readonly Task _publishing;

    public FrameFeed(ExperimentRunner runner) => _publishing = Task.Run(() => PublishAsync(runner));

    /// <summary>Sends the frames that a page missed, if they are retained, and then the current frames. At most one frame waits for a slow
    /// page, and a slow page delays no other page.</summary>
    /// <param name="last">The sequence number of the last frame that the page received, or null.</param>
    /// <param name="ct">Cancelled when the page disconnects.</param>
    public async IAsyncEnumerable<SseItem<DashboardFrame>> FollowAsync(long? last, [EnumeratorCancellation] CancellationToken ct = default)
    {
        // Holding the position keeps the later frames in memory during the replay.
        EventPosition<DashboardFrame> now = _frames.GetNextPosition();
        using (EventReader<DashboardFrame> missed = Resume(last).OpenReader())
        {
            while (missed.Sequence < now.Sequence && missed.TryRead(out DashboardFrame? frame))
            {
                yield return ToItem(frame, missed);
                ct.ThrowIfCancellationRequested();
            }
        }

        using EventReader<DashboardFrame> current = now.AsObservable().WithLagPolicy(LagPolicy.Latest).WithName("page").OpenReader();
        while (await current.WaitToReadAsync(ct))
        {
            while (current.TryRead(out DashboardFrame? frame))
            {
                yield return ToItem(frame, current);
            }
        }
    }

    /// <summary>Ends the pages' connections.</summary>
    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _publishing;
        _frames.OnCompleted();
    }

    private static SseItem<DashboardFrame> ToItem(DashboardFrame frame, EventReader<DashboardFrame> reader) =>
        new(frame) { EventId = $"{reader.Sequence - 1}", ReconnectionInterval = _reconnectDelay };

    /// <summary>The position after the last frame, or the oldest position if the next frame is no longer retained, or if the last frame came
    /// from another process.</summary>
    private EventPosition<DashboardFrame> Resume(long? last)
    {
        try
        {
            return last is { } received ? _frames.GetPosition(received + 1) : _frames.GetOldestPosition();
        }
        catch (ArgumentOutOfRangeException)
        {
            return _frames.GetOldestPosition();
        }
    }

    private async Task PublishAsync(ExperimentRunner runner)
    {
        while (await _timer.WaitForNextTickAsync())
        {
            _frames.OnNext(runner.CaptureFrame());
        }
    }
}

using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Rx.Samples.Dashboard;

/// <summary>Publishes what there is to see ten times a second, to a stream that every page follows as a subscriber of its own.</summary>
internal sealed class FrameFeed : IAsyncDisposable
{
    /// <summary>Half a minute: for a page that was reloaded, or comes back, and for the charts of a new one.</summary>
    private const int Retained = 300;

    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _reconnection = TimeSpan.FromSeconds(1);

    private readonly EventStream<DashboardFrame> _frames =
        new(new EventStreamOptions { SingleWriter = true, Retention = Retention.Count(Retained) });

    private readonly PeriodicTimer _timer = new(_interval);
    private readonly Task _publishing;

    public FrameFeed(Bench bench) => _publishing = Task.Run(() => PublishAsync(bench));

    /// <summary>Gives a page what it missed, as far as it is retained, and then what is current: however slow the page, it delays nobody
    /// and has one frame waiting for it at most.</summary>
    /// <param name="last">The sequence of the last frame the page has seen, or null.</param>
    /// <param name="ct">Cancelled when the page goes away.</param>
    public async IAsyncEnumerable<SseItem<DashboardFrame>> FollowAsync(long? last, [EnumeratorCancellation] CancellationToken ct = default)
    {
        // Whoever holds the position gets all frames from there on, however long the replay before it takes.
        EventPosition<DashboardFrame> now = _frames.GetNextPosition();
        using (EventReader<DashboardFrame> missed = Resume(last).OpenReader())
        {
            while (missed.Sequence < now.Sequence && missed.TryRead(out DashboardFrame? frame))
            {
                yield return NewItem(frame, missed);
                ct.ThrowIfCancellationRequested();
            }
        }

        using EventReader<DashboardFrame> current = now.AsObservable().WithLagPolicy(LagPolicy.Latest).WithName("page").OpenReader();
        while (await current.WaitToReadAsync(ct))
        {
            while (current.TryRead(out DashboardFrame? frame))
            {
                yield return NewItem(frame, current);
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

    private static SseItem<DashboardFrame> NewItem(DashboardFrame frame, EventReader<DashboardFrame> reader) =>
        new(frame) { EventId = $"{reader.Sequence - 1}", ReconnectionInterval = _reconnection };

    /// <summary>Behind the last frame, or at the oldest one if it is not retained any more, or is another process's.</summary>
    private EventPosition<DashboardFrame> Resume(long? last)
    {
        try
        {
            return last is { } seen ? _frames.GetPosition(seen + 1) : _frames.GetOldestPosition();
        }
        catch (ArgumentOutOfRangeException)
        {
            return _frames.GetOldestPosition();
        }
    }

    private async Task PublishAsync(Bench bench)
    {
        while (await _timer.WaitForNextTickAsync())
        {
            _frames.OnNext(bench.Look());
        }
    }
}

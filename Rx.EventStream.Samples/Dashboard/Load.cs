using Rx.AspNetCore.Dashboard;

using System.Diagnostics;

namespace Rx.Samples.Dashboard;

/// <summary>The publishers of one side, and their measurements.</summary>
internal sealed class Load(string side, IObserver<PublishedEvent> sink)
{
    private readonly Lock _gate = new();
    private readonly List<Publisher> _active = [];

    /// <summary>Publishers that were told to end, but may still be in a call.</summary>
    private readonly List<Publisher> _ending = [];
    private readonly List<double> _costs = [];
    private readonly RateMeter _rate = new();
    private long _publishedByEnded;
    private double _cost;
    private int _started;

    /// <summary>Starts and ends publishers, and sets their rate.</summary>
    /// <param name="rate">The events per second of all publishers together.</param>
    /// <param name="publishers">The number of publishers; 0 ends them all.</param>
    public void Set(int rate, int publishers)
    {
        lock (_gate)
        {
            var target = new PublisherTarget((double)rate / Math.Max(publishers, 1));
            while (_active.Count > publishers)
            {
                _active[^1].Set(null);
                _ending.Add(_active[^1]);
                _active.RemoveAt(_active.Count - 1);
            }

            foreach (Publisher publisher in _active)
            {
                publisher.Set(target);
            }

            while (_active.Count < publishers)
            {
                _active.Add(Publisher.Start(side, _started++, sink, target));
            }
        }
    }

    /// <summary>Ends all publishers.</summary>
    /// <returns>Completes when the last publisher has returned from its call.</returns>
    public Task StopAsync()
    {
        Set(0, 0);
        lock (_gate)
        {
            return Task.WhenAll(_ending.Select(p => p.Ended));
        }
    }

    /// <summary>Captures the current measurements. Not thread-safe.</summary>
    /// <param name="time">The current time, in seconds.</param>
    public SideFrame CaptureFrame(double time)
    {
        lock (_gate)
        {
            long now = Stopwatch.GetTimestamp();
            TimeSpan stalled = TimeSpan.Zero;
            _costs.Clear();
            long published = _publishedByEnded;
            foreach (Publisher publisher in _active.Concat(_ending))
            {
                published += publisher.Published;
                publisher.CollectSamples(_costs);
                TimeSpan own = publisher.MeasureStall(now);
                stalled = own > stalled ? own : stalled;
            }

            _publishedByEnded += _ending.Where(p => p.Ended.IsCompleted).Sum(p => p.Published);
            _ending.RemoveAll(p => p.Ended.IsCompleted);
            return new SideFrame(published, _rate.Read(time, published), Cost(stalled), stalled.TotalSeconds);
        }
    }

    /// <summary>The median, because a sample in which the thread was preempted says nothing about the library. The cost of a call that does not
    /// return is its time so far.</summary>
    private double Cost(TimeSpan stalled)
    {
        if (_costs.Count > 0)
        {
            _costs.Sort();
            _cost = _costs[_costs.Count / 2];
        }

        return Math.Max(_cost, stalled.TotalNanoseconds);
    }
}

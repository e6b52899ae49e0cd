using System.Diagnostics;

namespace Rx.Samples.Dashboard;

/// <summary>The publishers of one side, and what they measure.</summary>
internal sealed class Load(string side, IObserver<Mark> sink)
{
    private readonly Lock _gate = new();
    private readonly List<Publisher> _active = [];

    /// <summary>Told to end, and perhaps still inside a call.</summary>
    private readonly List<Publisher> _leaving = [];
    private readonly List<double> _costs = [];
    private readonly RateMeter _rate = new();
    private long _publishedBefore;
    private double _cost;
    private int _numbers;

    /// <summary>Starts, ends and instructs publishers.</summary>
    /// <param name="rate">Events a second, of all together.</param>
    /// <param name="publishers">How many; 0 ends them all.</param>
    public void Set(int rate, int publishers)
    {
        lock (_gate)
        {
            var target = new PublisherTarget((double)rate / Math.Max(publishers, 1));
            while (_active.Count > publishers)
            {
                _active[^1].Set(null);
                _leaving.Add(_active[^1]);
                _active.RemoveAt(_active.Count - 1);
            }

            foreach (Publisher publisher in _active)
            {
                publisher.Set(target);
            }

            while (_active.Count < publishers)
            {
                _active.Add(Publisher.Start(side, _numbers++, sink, target));
            }
        }
    }

    /// <summary>Ends all publishers.</summary>
    /// <returns>Done when the last one has left its call.</returns>
    public Task StopAsync()
    {
        Set(0, 0);
        lock (_gate)
        {
            return Task.WhenAll(_leaving.Select(p => p.Ended));
        }
    }

    /// <summary>Takes the figures of this moment. For one thread at a time.</summary>
    /// <param name="time">The moment, in seconds.</param>
    public SideFrame Look(double time)
    {
        lock (_gate)
        {
            long now = Stopwatch.GetTimestamp();
            TimeSpan stalled = TimeSpan.Zero;
            _costs.Clear();
            long published = _publishedBefore;
            foreach (Publisher publisher in _active.Concat(_leaving))
            {
                published += publisher.Published;
                publisher.CollectSamples(_costs);
                TimeSpan own = publisher.LookHowLongStalled(now);
                stalled = own > stalled ? own : stalled;
            }

            _publishedBefore += _leaving.Where(p => p.Ended.IsCompleted).Sum(p => p.Published);
            _leaving.RemoveAll(p => p.Ended.IsCompleted);
            return new SideFrame(published, _rate.Read(time, published), Cost(stalled), stalled.TotalSeconds);
        }
    }

    /// <summary>The median, since a thread that is preempted in the middle of a sample says nothing of the library. A call that does
    /// not return costs what it has taken so far.</summary>
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

namespace Rx.Samples.Tour;

/// <summary>Plays a screen: advances the time tick by tick, and records what happens.</summary>
/// <param name="onTick">Called at the end of each tick, to draw the picture so far.</param>
internal sealed class ScreenPlayer(Func<ScreenPlayer, Task> onTick)
{
    /// <summary>A publisher continues at once when there is room. Only a publisher that is stuck waits this long.</summary>
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly List<Lane> _lanes = [];
    private readonly List<SlowScheduler> _schedulers = [];
    private readonly List<(Lane Lane, Func<long> Metric)> _metrics = [];
    private readonly List<string> _notes = [];
    private Lane? _published;

    /// <summary>Written by the playing thread, read by observers on any thread.</summary>
    private int _tick;

    /// <summary>The time, from 0.</summary>
    public int Tick => Volatile.Read(ref _tick);

    public IReadOnlyList<Lane> Lanes => _lanes;

    /// <summary>The notes so far. Observers add notes from their own threads.</summary>
    public IReadOnlyList<string> Notes
    {
        get
        {
            lock (_gate)
            {
                return [.. _notes];
            }
        }
    }

    private Lane Published
    {
        get
        {
            if (_published is null)
            {
                _lanes.Insert(0, _published = new Lane("published", since: 0));
            }

            return _published;
        }
    }

    /// <summary>Creates an observer with its own lane, which starts in the current tick.</summary>
    public IObserver<T> Observer<T>(string name) => new LaneObserver<T>(AddLane(name), this);

    /// <summary>Creates a scheduler that is busy for some ticks after each event.</summary>
    public SlowScheduler SlowScheduler(int ticks)
    {
        var scheduler = new SlowScheduler(this, ticks);
        _schedulers.Add(scheduler);
        return scheduler;
    }

    /// <summary>Shows a number at the end of each tick.</summary>
    public void Watch(string name, Func<long> metric) => _metrics.Add((AddLane(name, isMetric: true), metric));

    /// <summary>Shows a line of text below the marbles.</summary>
    public void Note(string text)
    {
        lock (_gate)
        {
            _notes.Add(text);
        }
    }

    /// <summary>Publishes the values, one per tick.</summary>
    public async Task Publish<T>(IObserver<T> stream, params IEnumerable<T> values)
    {
        foreach (T value in values)
        {
            BeginTick();
            Published.Add(new Marble(Tick, $"{value}"));
            stream.OnNext(value);
            await EndTick();
        }
    }

    /// <summary>Completes the stream in a new tick.</summary>
    public async Task Complete<T>(IObserver<T> stream)
    {
        BeginTick();
        Published.Add(new Marble(Tick, "|", IsEnd: true));
        stream.OnCompleted();
        await EndTick();
    }

    /// <summary>Publishes in a new tick, and advances the time until the call has completed.</summary>
    public async Task Await(Func<ValueTask<long>> publish)
    {
        BeginTick();
        Task published = publish().AsTask();
        while (true)
        {
            // A publisher that waited for room continues in the tick that made room, but on another thread.
            if (RunSchedulers() && !published.IsCompleted)
            {
                await published.WaitAsync(_timeout);
            }

            await Draw();
            if (published.IsCompleted)
            {
                await published;
                return;
            }

            BeginTick();
        }
    }

    /// <summary>Advances the time.</summary>
    public async Task Advance(int ticks)
    {
        for (int i = 0; i < ticks; i++)
        {
            BeginTick();
            await EndTick();
        }
    }

    private Lane AddLane(string name, bool isMetric = false)
    {
        var lane = new Lane(name, Tick, isMetric);
        _lanes.Add(lane);
        return lane;
    }

    private void BeginTick() => Volatile.Write(ref _tick, _tick + 1);

    private Task EndTick()
    {
        RunSchedulers();
        return Draw();
    }

    /// <returns>Whether an event was handled.</returns>
    private bool RunSchedulers() => _schedulers.Aggregate(false, (handled, scheduler) => scheduler.RunTick() || handled);

    private Task Draw()
    {
        foreach ((Lane lane, Func<long> metric) in _metrics)
        {
            lane.Add(new Marble(Tick, $"{metric():0}"));
        }

        return onTick(this);
    }
}

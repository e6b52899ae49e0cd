namespace Rx.Samples.Tour;

/// <summary>Where a screen is played: moves the time on, tick by tick, and keeps what happens.</summary>
/// <param name="onTick">Called at the end of each tick, to show what there is so far.</param>
internal sealed class Stage(Func<Stage, Task> onTick)
{
    /// <summary>A publisher that has room goes on at once; only one that never does gets to wait so long.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly List<Lane> _lanes = [];
    private readonly List<Desk> _desks = [];
    private readonly List<(Lane Lane, Func<long> Figure)> _figures = [];
    private readonly List<string> _remarks = [];
    private Lane? _published;

    /// <summary>Written by who plays, read by observers on any thread.</summary>
    private int _tick;

    /// <summary>The time, from 0.</summary>
    public int Tick => Volatile.Read(ref _tick);

    public IReadOnlyList<Lane> Lanes => _lanes;

    /// <summary>What was said so far. Observers may say something from threads of their own.</summary>
    public IReadOnlyList<string> Remarks
    {
        get
        {
            lock (_gate)
            {
                return [.. _remarks];
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

    /// <summary>An observer with a lane of its own, from now on.</summary>
    public IObserver<T> Observer<T>(string name) => new LaneObserver<T>(AddLane(name), this);

    /// <summary>A scheduler that takes some ticks for each event.</summary>
    public Desk Desk(int ticks)
    {
        var desk = new Desk(this, ticks);
        _desks.Add(desk);
        return desk;
    }

    /// <summary>Shows a figure at the end of each tick.</summary>
    public void Watch(string name, Func<long> figure) => _figures.Add((AddLane(name, isFigure: true), figure));

    /// <summary>Shows a line below the marbles.</summary>
    public void Say(string remark)
    {
        lock (_gate)
        {
            _remarks.Add(remark);
        }
    }

    /// <summary>Publishes the values, one a tick.</summary>
    public async Task Publish<T>(IObserver<T> stream, params IEnumerable<T> values)
    {
        foreach (T value in values)
        {
            BeginTick();
            Published.Add(new Mark(Tick, $"{value}"));
            stream.OnNext(value);
            await EndTick();
        }
    }

    /// <summary>Completes the stream in a tick of its own.</summary>
    public async Task Complete<T>(IObserver<T> stream)
    {
        BeginTick();
        Published.Add(new Mark(Tick, "|", IsEnd: true));
        stream.OnCompleted();
        await EndTick();
    }

    /// <summary>Publishes in a tick of its own, or lets time go by until that is done.</summary>
    public async Task Until(Func<ValueTask<long>> publish)
    {
        BeginTick();
        Task published = publish().AsTask();
        while (true)
        {
            // Who waited for room goes on in the tick that made room, though on another thread.
            if (Work() && !published.IsCompleted)
            {
                await published.WaitAsync(_patience);
            }

            await Show();
            if (published.IsCompleted)
            {
                await published;
                return;
            }

            BeginTick();
        }
    }

    /// <summary>Lets time go by.</summary>
    public async Task Rest(int ticks)
    {
        for (int i = 0; i < ticks; i++)
        {
            BeginTick();
            await EndTick();
        }
    }

    private Lane AddLane(string name, bool isFigure = false)
    {
        var lane = new Lane(name, Tick, isFigure);
        _lanes.Add(lane);
        return lane;
    }

    private void BeginTick() => Volatile.Write(ref _tick, _tick + 1);

    private Task EndTick()
    {
        Work();
        return Show();
    }

    private bool Work() => _desks.Aggregate(false, (worked, desk) => desk.Work() || worked);

    private Task Show()
    {
        foreach ((Lane lane, Func<long> figure) in _figures)
        {
            lane.Add(new Mark(Tick, $"{figure():0}"));
        }

        return onTick(this);
    }
}

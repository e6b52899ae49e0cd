using System.Diagnostics;

namespace Rx.Samples.Dashboard;

/// <summary>A thread that publishes at a given rate, in batches: at a million events per second there is no time to wait, or to read the clock,
/// between two events.</summary>
internal sealed class Publisher
{
    /// <summary>The number of samples that are kept for the next frame. High rates produce more, but more are not needed.</summary>
    private const int MaxSamples = 64;

    /// <summary>The shortest delay between two batches.</summary>
    private static readonly TimeSpan _minDelay = TimeSpan.FromMilliseconds(1);

    /// <summary>How much time a publisher that was blocked makes up for. The events of the time before that are never published.</summary>
    private static readonly TimeSpan _maxBacklog = TimeSpan.FromMilliseconds(50);

    /// <summary>A publisher that is in a call for longer than this is stalled.</summary>
    private static readonly TimeSpan _stallThreshold = TimeSpan.FromMilliseconds(250);

    /// <summary>A <see cref="TimeSpan"/> counts in hundreds of nanoseconds, which is too coarse here.</summary>
    private static readonly double _nanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    private readonly int _number;
    private readonly IObserver<PublishedEvent> _sink;

    /// <summary>Without spinning, because the delays are long.</summary>
    private readonly ManualResetEventSlim _changed = new(initialState: false, spinCount: 0);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The nanoseconds per event of the last batches, as a ring. Written by the thread, read by the thread that captures frames. A torn
    /// set of samples does no harm.</summary>
    private readonly double[] _samples = new double[MaxSamples];

    /// <summary>Written with release by the thread that controls the load, read by the publishing thread with acquire. Null tells it to end.</summary>
    private PublisherTarget? _target;

    /// <summary>Written by the publishing thread with release, read by any thread with acquire.</summary>
    private long _published;

    /// <summary>The number of samples taken so far. Written by the publishing thread with release, after the sample, and read with acquire by the
    /// thread that captures frames.</summary>
    private long _sampleCount;

    /// <summary>The start of the current batch, or 0 between batches. Written by the publishing thread with release, read with acquire by the
    /// thread that captures frames.</summary>
    private long _insideSince;

    // Used only by the thread that captures frames.
    private long _collectedSamples;
    private long _lastPublished;
    private long _lastProgress;

    private Publisher(int number, IObserver<PublishedEvent> sink, PublisherTarget target)
    {
        _number = number;
        _sink = sink;
        _target = target;
    }

    public long Published => Volatile.Read(ref _published);

    /// <summary>Completes when the thread has ended.</summary>
    public Task Ended => _ended.Task;

    public static Publisher Start(string side, int number, IObserver<PublishedEvent> sink, PublisherTarget target)
    {
        var publisher = new Publisher(number, sink, target);
        new Thread(publisher.Run) { IsBackground = true, Name = $"{side} publisher {number + 1}" }.Start();
        return publisher;
    }

    /// <param name="target">The new target; null to end as soon as the current call returns.</param>
    public void Set(PublisherTarget? target)
    {
        Volatile.Write(ref _target, target);
        _changed.Set();
    }

    /// <summary>Adds the samples since the last call to the list. Not thread-safe.</summary>
    public void CollectSamples(List<double> costs)
    {
        long count = Volatile.Read(ref _sampleCount);
        for (long i = Math.Max(_collectedSamples, count - MaxSamples); i < count; i++)
        {
            costs.Add(_samples[i % MaxSamples]);
        }

        _collectedSamples = count;
    }

    /// <summary>How long the current call has blocked the thread; zero if it is not stalled. Not thread-safe.</summary>
    public TimeSpan MeasureStall(long now)
    {
        long published = Published;
        if (published != _lastPublished)
        {
            _lastPublished = published;
            _lastProgress = now;
        }

        long since = Volatile.Read(ref _insideSince);
        if (since == 0)
        {
            return TimeSpan.Zero;
        }

        TimeSpan stalled = Stopwatch.GetElapsedTime(Math.Max(since, _lastProgress), now);
        return stalled > _stallThreshold ? stalled : TimeSpan.Zero;
    }

    private void Run()
    {
        try
        {
            long maxBacklog = TicksOf(_maxBacklog);
            PublisherTarget? current = null;
            double perTick = 0;
            double due = 0;
            long last = 0;
            while (Volatile.Read(ref _target) is { } target)
            {
                _changed.Reset();
                long now = Stopwatch.GetTimestamp();
                if (!ReferenceEquals(target, current))
                {
                    current = target;
                    perTick = target.PerSecond / Stopwatch.Frequency;
                    due = 0;
                    last = now;
                }

                due = Math.Min(due + ((now - last) * perTick), Math.Max(1, maxBacklog * perTick));
                last = now;
                if (due >= 1)
                {
                    Publish((int)due);
                    due -= (int)due;
                }

                // A target that was set before the reset is seen here. A target that is set after the reset ends the wait.
                if (ReferenceEquals(Volatile.Read(ref _target), current))
                {
                    double delay = Math.Max((1 - due) / target.PerSecond, _minDelay.TotalSeconds);
                    _changed.Wait(TimeSpan.FromSeconds(delay));
                }
            }
        }
        catch (ObjectDisposedException) when (Volatile.Read(ref _target) is null)
        {
            // The stream was disposed while the publisher waited in a call: the run has ended.
        }
        finally
        {
            _ended.SetResult();
        }
    }

    private void Publish(int count)
    {
        long begin = Stopwatch.GetTimestamp();
        Volatile.Write(ref _insideSince, begin);
        int published = 0;
        while (published < count && Volatile.Read(ref _target) is not null)
        {
            _sink.OnNext(new PublishedEvent(_number, _published));
            Volatile.Write(ref _published, _published + 1);
            published++;
        }

        if (published > 0)
        {
            _samples[_sampleCount % MaxSamples] = (Stopwatch.GetTimestamp() - begin) * _nanosecondsPerTick / published;
            Volatile.Write(ref _sampleCount, _sampleCount + 1);
        }

        Volatile.Write(ref _insideSince, 0);
    }

    private static long TicksOf(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}

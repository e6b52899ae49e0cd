using System.Diagnostics;

namespace Rx.Samples.Dashboard;

/// <summary>A thread that publishes so many events a second, in batches: at a million a second there is no time to wait between two,
/// nor to read the clock for each.</summary>
internal sealed class Publisher
{
    /// <summary>How many samples are kept for whoever looks; more come at high rates, and are not needed.</summary>
    private const int SamplesKept = 64;

    /// <summary>The shortest rest between two batches.</summary>
    private static readonly TimeSpan _leastRest = TimeSpan.FromMilliseconds(1);

    /// <summary>What a publisher that was held up makes up for afterwards; the rest is never published.</summary>
    private static readonly TimeSpan _mostDebt = TimeSpan.FromMilliseconds(50);

    /// <summary>Who is inside a call for longer than this is waiting.</summary>
    private static readonly TimeSpan _usualDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>A <see cref="TimeSpan"/> counts in hundreds of nanoseconds, which is too coarse here.</summary>
    private static readonly double _nanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    private readonly int _number;
    private readonly IObserver<Mark> _sink;

    /// <summary>Without spinning: a rest is long.</summary>
    private readonly ManualResetEventSlim _changed = new(initialState: false, spinCount: 0);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Nanoseconds that an event of a batch took, newest last. Written by the thread, read by who looks; a torn set of samples does no harm.</summary>
    private readonly double[] _samples = new double[SamplesKept];

    /// <summary>Written by who controls the load, read by the thread with acquire. Null when it is to end.</summary>
    private PublisherTarget? _target;

    /// <summary>Written by the thread with release, read by anyone with acquire.</summary>
    private long _published;

    /// <summary>How many samples there were ever. Written by the thread with release, behind the sample; read by who looks with acquire.</summary>
    private long _sampleCount;

    /// <summary>When the batch under way began, or 0 between batches. Written by the thread with release, read by who looks with acquire.</summary>
    private long _insideSince;

    // For the one who looks.
    private long _samplesSeen;
    private long _publishedSeen;
    private long _progressSeen;

    private Publisher(int number, IObserver<Mark> sink, PublisherTarget target)
    {
        _number = number;
        _sink = sink;
        _target = target;
    }

    public long Published => Volatile.Read(ref _published);

    /// <summary>Done when the thread has ended.</summary>
    public Task Ended => _ended.Task;

    public static Publisher Start(string side, int number, IObserver<Mark> sink, PublisherTarget target)
    {
        var publisher = new Publisher(number, sink, target);
        new Thread(publisher.Run) { IsBackground = true, Name = $"{side} publisher {number + 1}" }.Start();
        return publisher;
    }

    /// <param name="target">What to do from now on; null to end, as soon as the call under way returns.</param>
    public void Set(PublisherTarget? target)
    {
        Volatile.Write(ref _target, target);
        _changed.Set();
    }

    /// <summary>Adds what was sampled since the last look. For one thread at a time.</summary>
    public void CollectSamples(List<double> costs)
    {
        long count = Volatile.Read(ref _sampleCount);
        for (long i = Math.Max(_samplesSeen, count - SamplesKept); i < count; i++)
        {
            costs.Add(_samples[i % SamplesKept]);
        }

        _samplesSeen = count;
    }

    /// <summary>How long the call under way has been keeping the thread, if that is unusual, else zero. For one thread at a time.</summary>
    public TimeSpan LookHowLongStalled(long now)
    {
        long published = Published;
        if (published != _publishedSeen)
        {
            _publishedSeen = published;
            _progressSeen = now;
        }

        long since = Volatile.Read(ref _insideSince);
        if (since == 0)
        {
            return TimeSpan.Zero;
        }

        TimeSpan stalled = Stopwatch.GetElapsedTime(Math.Max(since, _progressSeen), now);
        return stalled > _usualDelay ? stalled : TimeSpan.Zero;
    }

    private void Run()
    {
        try
        {
            long mostDebt = TicksOf(_mostDebt);
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

                due = Math.Min(due + ((now - last) * perTick), Math.Max(1, mostDebt * perTick));
                last = now;
                if (due >= 1)
                {
                    Publish((int)due);
                    due -= (int)due;
                }

                // A target set before the reset shows here, one set after it ends the wait.
                if (ReferenceEquals(Volatile.Read(ref _target), current))
                {
                    double rest = Math.Max((1 - due) / target.PerSecond, _leastRest.TotalSeconds);
                    _changed.Wait(TimeSpan.FromSeconds(rest));
                }
            }
        }
        catch (ObjectDisposedException) when (Volatile.Read(ref _target) is null)
        {
            // The stream was disposed while this waited in it: the run is over.
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
            _sink.OnNext(new Mark(_number, _published));
            Volatile.Write(ref _published, _published + 1);
            published++;
        }

        if (published > 0)
        {
            _samples[_sampleCount % SamplesKept] = (Stopwatch.GetTimestamp() - begin) * _nanosecondsPerTick / published;
            Volatile.Write(ref _sampleCount, _sampleCount + 1);
        }

        Volatile.Write(ref _insideSince, 0);
    }

    private static long TicksOf(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}

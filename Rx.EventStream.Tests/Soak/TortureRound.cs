using System.Reactive.Concurrency;
using Rx.Storage;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Soak;

/// <summary>One round of <see cref="TortureSoak"/>: a stream with random options, its publishers, and observers that come and go.</summary>
/// <remarks>The seed decides what is done, but not when: threads run as they come.</remarks>
internal sealed class TortureRound<T>(int seed, bool isSingleWriter, Func<long, T> make, Func<T, long> numberOf)
{
    private const int PublisherShift = 40;
    private const int LongestRun = 4096;
    private const int Joiners = 3;

    /// <summary>A thread or an observer that has not ended by then hangs.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    private static readonly int[] _capacities = [1, 2, 15, 16, 17, 31, 32, 64];

    private static readonly string[] _kinds =
    [
        "inline", "inline, throws", "pool", "task pool", "event loop", "new thread", "context", "current thread",
        "runs at once", "never runs", "throwing scheduler", "reader", "waiting reader", "batch reader", "await foreach", "batches",
        "drop oldest", "latest", "fail", "wait", "projection",
    ];

    private readonly Random _random = new(seed);
    private readonly List<long> _reference = [];
    private readonly List<TortureObserver<T>> _observers = [];
    private readonly List<WeakReference> _events = [];
    private readonly List<string> _faults = [];
    private readonly EventLoopScheduler _loop = new();
    private readonly PumpingContext _context = new();

    private EventStream<T> _stream = null!;
    private string _setup = "";
    private long[] _sent = null!;
    private int _reentrant;
    private long _retained;
    private int _capacity;
    private bool _isOver;
    private bool _referenceIsOver;
    private bool _endsEarly;

    public void Run()
    {
        Arrange();
        List<Thread> publishers = [.. Enumerable.Range(0, _reentrant).Select(p => Start($"publisher {p}", new Random(_random.Next()), r => Publish(p, r)))];
        List<Thread> joiners = [.. Enumerable.Range(0, Joiners).Select(j => Start($"joiner {j}", new Random(_random.Next()), Join))];
        if (_random.Next(3) == 0)
        {
            joiners.Add(Start("collector", _random, _ => CollectYoung()));
        }

        if (_endsEarly)
        {
            int after = _random.Next(2_000);
            joiners.Add(Start("terminator", _random, _ =>
            {
                SpinWait.SpinUntil(() => _stream.NextSequence >= after || Volatile.Read(ref _isOver));
                End();
            }));
        }

        AwaitAll(publishers);
        Volatile.Write(ref _isOver, true);
        AwaitAll(joiners);
        if (!_endsEarly)
        {
            CheckNothingIsKept();
            End();
        }

        Check();
        _stream.Dispose();
        _context.Dispose();
        _loop.Dispose();
    }

    private void Arrange()
    {
        _capacity = Pick(_capacities);
        _retained = Pick(0L, 0, 1, _capacity, long.MaxValue);
        int publishers = isSingleWriter ? 1 : 2 + _random.Next(3);
        _reentrant = publishers;
        _sent = new long[publishers + 1];
        int backlog = Pick(1, 2, 16, 1024);
        _endsEarly = !isSingleWriter && _random.Next(4) == 0;
        _stream = new EventStream<T>(new EventStreamOptions
        {
            SegmentCapacity = _capacity,
            SingleWriter = isSingleWriter,
            MaxInlineBacklog = backlog,
            Retention = _retained switch { 0 => Retention.None, long.MaxValue => Retention.All, _ => Retention.Count((int)_retained) },
        });
        bool isInline = _random.Next(2) == 0;
        bool isReentrant = _random.Next(2) == 0;
        _setup = $"seed {seed}, single writer {isSingleWriter}, capacity {_capacity}, retained {_retained}, inline backlog {backlog}, {publishers} publishers, " +
            $"reference {(isInline ? "inline" : "on an event loop")}, re-entrant {isReentrant}, ends early {_endsEarly}";

        EventObservable<T> reference = isInline ? _stream.AsObservable() : _stream.ObserveOn(_loop);
        reference.Subscribe(new TortureReference(this));
        if (isReentrant)
        {
            _stream.Subscribe(PublishAgain);
        }
    }

    /// <summary>An observer that publishes from inside, at times.</summary>
    private void PublishAgain(T value)
    {
        long number = numberOf(value);
        if (number % 32 != 0 || number >> PublisherShift == _reentrant || _sent[_reentrant] == 100)
        {
            return;
        }

        try
        {
            TortureException.Ignore(() => _stream.OnNext(Make(_reentrant, _sent[_reentrant])));
            _sent[_reentrant]++;
        }
        catch (InvalidOperationException)
        {
            // A subscriber with LagPolicy.Wait is full, and waiting here would wait for itself: not published.
        }
    }

    private void Publish(int publisher, Random random)
    {
        int count = 300 + random.Next(2_000);
        bool hasLongRuns = random.Next(4) == 0;
        if (random.Next(4) == 0)
        {
            MigratingThread.Run(PublishAll);
        }
        else
        {
            PublishAll();
        }

        void PublishAll()
        {
            while (_sent[publisher] < count)
            {
                long number = _sent[publisher];
                switch (random.Next(8))
                {
                    case 0:
                        int length = hasLongRuns && random.Next(8) == 0 ? 1 + random.Next(LongestRun) : 1 + random.Next(2 * _capacity);
                        T[] run = [.. Enumerable.Range(0, length).Select(i => Make(publisher, number + i))];
                        TortureException.Ignore(() => _stream.OnNextRange(run));
                        number += length;
                        break;
                    case 1:
                        TortureException.Ignore(() => Await(_stream.OnNextAsync(Make(publisher, number)).AsTask(), "OnNextAsync"));
                        number++;
                        break;
                    default:
                        TortureException.Ignore(() => _stream.OnNext(Make(publisher, number)));
                        number++;
                        break;
                }

                Volatile.Write(ref _sent[publisher], number);
            }
        }
    }

    private T Make(int publisher, long number)
    {
        T value = make(((long)publisher << PublisherShift) | number);
        if (!typeof(T).IsValueType && number % 16 == 0)
        {
            lock (_events)
            {
                _events.Add(new WeakReference(value));
            }
        }

        return value;
    }

    /// <summary>Subscribes in one way after the other, each time for a random number of events, until the publishers are done.</summary>
    private void Join(Random random)
    {
        EventPosition<T>? held = null;
        do
        {
            string kind = _kinds[random.Next(_kinds.Length)];
            EventPosition<T>? position = random.Next(3) switch { 0 => _stream.GetNextPosition(), 1 => held, _ => null };
            if (random.Next(3) == 0)
            {
                held?.Dispose();
                held = random.Next(2) == 0 ? _stream.GetNextPosition() : null;
                position = null;
            }

            bool jumps = kind is "drop oldest" or "latest";
            var observer = new TortureObserver<T>(kind, numberOf, jumps, kind == "inline, throws" ? 50 : 0) { Start = jumps ? null : position?.Sequence };
            lock (_observers)
            {
                _observers.Add(observer);
            }

            Follow(kind, observer, position, random);
            if (position != held && random.Next(8) != 0)
            {
                position?.Dispose(); // else the collector finds it
            }
        }
        while (!Volatile.Read(ref _isOver));
        held?.Dispose();
    }

    private void Follow(string kind, TortureObserver<T> observer, EventPosition<T>? position, Random random)
    {
        EventObservable<T> observable = position is null ? _stream.AsObservable() : _stream.From(position);
        int wanted = random.Next(300);
        bool IsEnough() => observer.Count >= wanted || observer.IsOver || Volatile.Read(ref _isOver);
        switch (kind)
        {
            case "reader":
            case "waiting reader":
            case "batch reader":
                EventReader<T> reader = observable.OpenReader();
                Read(kind, reader, observer, IsEnough);
                if (random.Next(8) != 0)
                {
                    reader.Dispose(); // else the collector finds it
                }

                return;
            case "await foreach":
                using (var cancellation = new CancellationTokenSource())
                {
                    Task reading = ReadAllAsync(observable, observer, IsEnough, cancellation.Token);
                    SpinWait.SpinUntil(() => reading.IsCompleted || Volatile.Read(ref _isOver));
                    cancellation.Cancel();
                    Await(reading, "await foreach");
                }

                return;
            case "projection":
                using (EventProjection<long, T> projection = _stream.ToProjection(0L, static (count, _) => count + 1))
                {
                    SpinWait.SpinUntil(() => Volatile.Read(ref _isOver) || _stream.NextSequence % 7 == 0);
                    using EventPosition<T> before = projection.Current.Position;
                    EventSnapshot<long, T> now = projection.Current;
                    if (now.Position.Sequence < before.Sequence || now.State > now.Position.Sequence)
                    {
                        Fault($"projection: {now.State} events in the state at {now.Position.Sequence}, after {before.Sequence}.");
                    }
                }

                return;
            default:
                break;
        }

        IDisposable? subscription = null;
        bool stays = random.Next(8) == 0 && kind is not ("inline, throws" or "never runs" or "throwing scheduler");
        TortureException.Ignore(() => subscription = kind switch
        {
            "inline" or "inline, throws" => observable.Subscribe(observer),
            "pool" => observable.ObserveOn(ThreadPoolScheduler.Instance).Subscribe(observer),
            "task pool" => observable.ObserveOn(TaskPoolScheduler.Default).Subscribe(observer),
            "event loop" => observable.ObserveOn(_loop).Subscribe(observer),
            "new thread" => observable.ObserveOn(NewThreadScheduler.Default).Subscribe(observer),
            "context" => observable.ObserveOn(_context).Subscribe(observer),
            "current thread" => observable.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(observer),
            "runs at once" => observable.ObserveOn(HostileScheduler.AtOnce).Subscribe(observer),
            "never runs" => observable.ObserveOn(HostileScheduler.Never).Subscribe(observer),
            "throwing scheduler" => observable.ObserveOn(HostileScheduler.Throwing(_loop)).Subscribe(observer),
            "batches" => observable.ObserveOn(ThreadPoolScheduler.Instance).Batch(1 + random.Next(20)).Subscribe(observer),
            "drop oldest" => observable.ObserveOn(_loop).WithLagPolicy(LagPolicy.DropOldest(1 + random.Next(40))).Subscribe(observer),
            "latest" => observable.ObserveOn(ThreadPoolScheduler.Instance).WithLagPolicy(LagPolicy.Latest).Subscribe(observer),
            "fail" => observable.ObserveOn(ThreadPoolScheduler.Instance).WithLagPolicy(LagPolicy.Fail(1 + random.Next(40))).Subscribe(observer),
            "wait" => observable.ObserveOn(ThreadPoolScheduler.Instance).WithLagPolicy(LagPolicy.Wait(1 + random.Next(40))).Subscribe(observer),
            _ => throw new InvalidOperationException(kind),
        });
        if (stays)
        {
            observer.Stays = true;
            return;
        }

        SpinWait.SpinUntil(() => IsEnough() || kind == "never runs");
        subscription?.Dispose();
    }

    private void Read(string kind, EventReader<T> reader, TortureObserver<T> observer, Func<bool> isEnough)
    {
        while (!isEnough())
        {
            if (kind == "batch reader" ? reader.TryReadBatch(7, out ReadOnlyMemory<T> batch) : TryReadOne(out batch))
            {
                observer.OnNext(batch);
            }
            else if (kind == "waiting reader")
            {
                using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(1));
                try
                {
                    if (!Await(reader.WaitToReadAsync(cancellation.Token).AsTask(), "WaitToReadAsync"))
                    {
                        return;
                    }
                }
                catch (OperationCanceledException)
                {
                    // Waits again.
                }
                catch (TortureException)
                {
                    return; // the stream's end
                }
            }
        }

        bool TryReadOne(out ReadOnlyMemory<T> one)
        {
            bool isRead = reader.TryRead(out T? value);
            one = isRead ? new[] { value! } : default;
            return isRead;
        }
    }

    private static async Task ReadAllAsync(EventObservable<T> observable, TortureObserver<T> observer, Func<bool> isEnough, CancellationToken ct)
    {
        try
        {
            await foreach (T value in observable.ReadAllAsync(ct))
            {
                observer.OnNext(value);
                if (isEnough())
                {
                    return;
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or TortureException)
        {
            // Cancelled, or the stream's end.
        }
    }

    private void CollectYoung()
    {
        while (!Volatile.Read(ref _isOver))
        {
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
            Thread.Yield();
        }
    }

    private void End()
    {
        if (seed % 2 == 0)
        {
            TortureException.Ignore(_stream.OnCompleted);
        }
        else
        {
            TortureException.Ignore(() => _stream.OnError(new TortureException()));
        }
    }

    /// <summary>With the other observers gone, a few more events close every segment that is not needed.</summary>
    private void CheckNothingIsKept()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            for (int j = 0; j <= 2 * _capacity; j++)
            {
                TortureException.Ignore(() => _stream.OnNext(Make(0, _sent[0])));
                _sent[0]++;
            }

            Await(_stream.WhenCaughtUpAsync(), "WhenCaughtUpAsync");
        }

        if (_retained == long.MaxValue)
        {
            return;
        }

        // The last observers may stand at the end of the last segment but one; while events are dropped, the window keeps one more.
        long most = 4 + ((_retained + 40) / _capacity);
        Until(() => _stream.Log.CountSegments() <= most, $"at most {most} open segments");
        Until(
            () =>
            {
                GC.Collect();
                return _events.Count(e => e.IsAlive) <= (most * _capacity / 16) + 8;
            },
            "delivered events to be collected");
    }

    private void Check()
    {
        foreach (TortureObserver<T> observer in _observers)
        {
            if (observer.Stays)
            {
                Until(() => observer.IsOver, $"the end at {observer.Name}");
            }
        }

        Until(() => _referenceIsOver, "the end at the reference");
        var places = new Dictionary<long, int>(_reference.Count);
        var next = new long[_sent.Length];
        foreach (long number in _reference)
        {
            long publisher = number >> PublisherShift;
            if (!places.TryAdd(number, places.Count) || (number & ((1L << PublisherShift) - 1)) != next[publisher]++)
            {
                Fault($"publisher {publisher}: {number:x} comes twice or out of order.");
                break;
            }
        }

        if (!_endsEarly && !next.AsSpan().SequenceEqual(_sent))
        {
            Fault($"sent {string.Join(' ', _sent)}, delivered {string.Join(' ', next)}.");
        }

        _faults.AddRange(_observers.Select(o => o.FindFault(_reference, places)).OfType<string>());
        if (_faults.Count > 0)
        {
            Fail(string.Join('\n', _faults.Take(10)));
        }
    }

    private TValue Pick<TValue>(params TValue[] values) => values[_random.Next(values.Length)];

    private void Fault(string fault)
    {
        lock (_faults)
        {
            _faults.Add(fault);
        }
    }

    private Thread Start(string name, Random random, Action<Random> action)
    {
        var thread = new Thread(() =>
        {
            try
            {
                action(random);
            }
            catch (Exception error)
            {
                Fault($"{name}: {error}");
            }
        })
        { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    private void AwaitAll(List<Thread> threads)
    {
        DateTime end = DateTime.UtcNow + _limit;
        foreach (Thread thread in threads)
        {
            TimeSpan left = end - DateTime.UtcNow;
            if (!thread.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero))
            {
                Fail($"These threads hang: {string.Join(", ", threads.Where(t => t.IsAlive).Select(t => t.Name))}. {string.Join('\n', _faults)}");
            }
        }
    }

    private void Until(Func<bool> condition, string what)
    {
        if (!SpinWait.SpinUntil(condition, _limit))
        {
            Fail($"Waited in vain for {what}.");
        }
    }

    private void Await(Task task, string what)
    {
        Until(() => task.IsCompleted, what);
        task.GetAwaiter().GetResult();
    }

    private TResult Await<TResult>(Task<TResult> task, string what)
    {
        Await((Task)task, what);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Fails with everything that tells what the stream and its threads do.</summary>
    private void Fail(string what)
    {
        EventLog<T> log = _stream.Log;
        ClaimWord.Snapshot claims = log.Claims.Read();
        List<string> dump = [what, _setup];
        dump.Add($"claims {claims.Count}, open {claims.IsOpen}, draining {claims.IsDraining}, ended {claims.IsEnded}; flags {log.Flags}");
        dump.Add($"next {log.NextSequence}, oldest {log.OldestSequence}, {log.CountSegments()} segments, reference {_reference.Count}");
        dump.Add($"sent {string.Join(' ', _sent)}; {_events.Count(e => e.IsAlive)} of {_events.Count} sampled events are alive");
        foreach (EventSubscription subscription in _stream.Subscriptions)
        {
            dump.Add($"{subscription.GetType().Name}: at {subscription.Sequence}, lag {subscription.Lag}, dropped {subscription.Dropped}");
        }

        Assert.Fail(string.Join('\n', dump));
    }

    private long NumberOf(T value) => numberOf(value);

    /// <summary>Every event in the order of sequence numbers.</summary>
    private sealed class TortureReference(TortureRound<T> round) : IObserver<T>
    {
        public void OnNext(T value) => round._reference.Add(round.NumberOf(value));

        public void OnError(Exception error) => Volatile.Write(ref round._referenceIsOver, true);

        public void OnCompleted() => Volatile.Write(ref round._referenceIsOver, true);
    }
}

using System.Collections.Immutable;
using System.Reactive.Concurrency;
using System.Reactive.Subjects;
using Microsoft.AspNetCore.Http;

namespace Rx.Samples.Dashboard;

/// <summary>One run: a stream and a subject under the same load, with the same subscribers, until both are completed.</summary>
/// <remarks>Only one thread at a time may control it. Another thread may capture frames at the same time.</remarks>
internal sealed class Experiment : IAsyncDisposable
{
    public const int MaxRate = 1_000_000;
    public const int MaxPublishers = 8;
    public const int MaxSubscribers = 8;
    public const int MaxBookmarks = 5;
    public const int MaxCapacity = 1_000_000;
    private const int MaxNameLength = 24;

    /// <summary>Two collections are needed: a bookmark frees its events in a finalizer, which runs after the first collection.</summary>
    private const int Collections = 2;

    /// <summary>How many events a subscriber that joins at the oldest event can replay.</summary>
    private const int Retained = 10_000;

    private readonly EventStream<PublishedEvent> _stream = new(new EventStreamOptions { Name = "dashboard", Retention = Retention.Count(Retained) });

    /// <summary>Synchronized, because concurrent publishers on a bare subject break the Rx grammar.</summary>
    private readonly ISubject<PublishedEvent> _subject = Subject.Synchronize(new Subject<PublishedEvent>());
    private readonly Load _streamLoad;
    private readonly Load _subjectLoad;
    private readonly List<EventLoopScheduler> _loops = [];
    private readonly long _maxHeld;

    // Replaced as a whole by each change, read by any thread.
    private ImmutableArray<SubscriberPair> _subscribers = [];
    private ImmutableArray<Bookmark> _bookmarks = [];
    private ImmutableArray<Notice> _notices = [];
    private int _rate;
    private int _publishers;

    /// <summary>The final number of events, or null if the stream is not completed.</summary>
    private long? _completedAt;
    private int _subscriberCount;
    private int _noticeCount;

    /// <summary>The number of coming frames that start a garbage collection, to free the events that a removed subscriber or bookmark kept.</summary>
    private int _collectionsDue;

    /// <summary>Starts with three subscribers.</summary>
    /// <param name="rate">The events per second of all publishers together.</param>
    /// <param name="publishers">The number of publishing threads.</param>
    /// <param name="maxHeld">How many events a subscriber or bookmark may keep in memory.</param>
    public Experiment(int rate, int publishers, long maxHeld)
    {
        _maxHeld = maxHeld;
        _streamLoad = new Load("stream", _stream);
        _subjectLoad = new Load("subject", _subject);
        Add(new SubscriberRequest("ledger"));
        Add(new SubscriberRequest("screen", Policy: "latest", Scheduler: "eventLoop"));
        Add(new SubscriberRequest("uplink", Policy: "dropOldest", Capacity: 10_000, Scheduler: "newThread"));
        Set(new LoadRequest(rate, publishers));
    }

    /// <summary>Changes the load on both sides.</summary>
    /// <exception cref="RequestException">A value is out of range, or the stream is completed.</exception>
    public void Set(LoadRequest request)
    {
        int rate = RequestException.InRange("rate", request.Rate ?? _rate, 1, MaxRate);
        int publishers = RequestException.InRange("publishers", request.Publishers ?? _publishers, 1, MaxPublishers);
        ThrowIfCompleted();
        _rate = rate;
        _publishers = publishers;
        _streamLoad.Set(rate, publishers);
        _subjectLoad.Set(rate, publishers);
    }

    /// <summary>Adds a subscriber to both sides.</summary>
    /// <exception cref="RequestException">The request is not valid.</exception>
    public SubscriberPair Add(SubscriberRequest request)
    {
        JoinPoint joinAt = RequestException.OneOf<JoinPoint>("joinAt", request.JoinAt);
        SchedulerKind scheduler = RequestException.OneOf<SchedulerKind>("scheduler", request.Scheduler);
        LagPolicy policy = PolicyOf(request);
        int? speed = request.Speed is { } given ? RequestException.InRange("speed", given, 1, MaxRate) : null;
        if (scheduler == SchedulerKind.PublishingThread && policy != LagPolicy.Unbounded)
        {
            throw new RequestException(
                $"A subscriber on the publishing thread never lags, so the policy {policy} has no effect. Choose unbounded or another scheduler.");
        }

        if (_subscribers.Length >= MaxSubscribers)
        {
            throw new RequestException($"There are {MaxSubscribers} subscribers already. Remove one first.", StatusCodes.Status409Conflict);
        }

        string name = ToName(request.Name);
        EventObservable<PublishedEvent> observable = joinAt switch
        {
            JoinPoint.Now => _stream.GetNextPosition().AsObservable(),
            JoinPoint.Oldest => _stream.GetOldestPosition().AsObservable(),
            _ => Find(request.Bookmark).Position.AsObservable(),
        };
        var subscriber = new SubscriberPair(++_subscriberCount, name, observable.ObserveOn(NewScheduler(scheduler, name)), policy, scheduler, speed, _subject);
        ImmutableInterlocked.Update(ref _subscribers, static (subscribers, added) => subscribers.Add(added), subscriber);
        return subscriber;
    }

    /// <summary>Stalls or releases a subscriber.</summary>
    /// <exception cref="RequestException">There is no such subscriber.</exception>
    public void Stall(int id, bool isStalled) => Find(id).Stall(isStalled);

    /// <summary>Removes a subscriber.</summary>
    /// <exception cref="RequestException">There is no such subscriber.</exception>
    public void Remove(int id) => Remove(Find(id));

    /// <summary>Sets a bookmark before the next event.</summary>
    /// <exception cref="RequestException">There are too many bookmarks.</exception>
    public Bookmark AddBookmark()
    {
        if (_bookmarks.Length >= MaxBookmarks)
        {
            throw new RequestException($"There are {MaxBookmarks} bookmarks already. Remove one first.", StatusCodes.Status409Conflict);
        }

        string name = Enumerable.Range('A', MaxBookmarks).Select(c => $"{(char)c}").First(n => _bookmarks.All(b => b.Name != n));
        var bookmark = new Bookmark(name, _stream.GetNextPosition());
        ImmutableInterlocked.Update(ref _bookmarks, static (bookmarks, added) => bookmarks.Add(added), bookmark);
        return bookmark;
    }

    /// <summary>Removes a bookmark.</summary>
    /// <exception cref="RequestException">There is no such bookmark.</exception>
    public void RemoveBookmark(string name) => Remove(Find(name));

    /// <summary>Ends publishing and completes the stream. The subject is completed when its publishers have returned from their calls. A second call
    /// does nothing.</summary>
    public void Complete()
    {
        if (_completedAt is null)
        {
            _ = _streamLoad.StopAsync();
            _ = CompleteSubjectAsync();
            _stream.OnCompleted();
            _completedAt = _stream.NextSequence;
        }
    }

    /// <summary>Captures the current state, and removes subscribers and bookmarks that keep too many events in memory. Not thread-safe.</summary>
    /// <param name="run">The name of the run.</param>
    /// <param name="time">The seconds since the start of the run.</param>
    public DashboardFrame CaptureFrame(string run, double time)
    {
        SideFrame stream = _streamLoad.CaptureFrame(time);
        stream = stream with { Published = _completedAt ?? stream.Published };
        RemoveOverLimit(stream.Published);
        return new DashboardFrame(
            run,
            time,
            _completedAt is not null,
            _rate,
            _publishers,
            GC.GetTotalMemory(forceFullCollection: false),
            stream,
            _subjectLoad.CaptureFrame(time),
            [.. _subscribers.Select(m => m.CaptureFrame(time))],
            [.. _bookmarks.Select(b => new BookmarkFrame(b.Name, b.Position.Sequence))],
            _notices);
    }

    /// <summary>Ends the run, and releases blocked threads.</summary>
    public async ValueTask DisposeAsync()
    {
        Task ended = Task.WhenAll(_streamLoad.StopAsync(), _subjectLoad.StopAsync());
        foreach (SubscriberPair subscriber in _subscribers)
        {
            Remove(subscriber);
        }

        _stream.Dispose();
        await ended;

        // Only now, because a publisher could still have scheduled work on an event loop.
        _loops.ForEach(loop => loop.Dispose());
    }

    private static LagPolicy PolicyOf(SubscriberRequest request)
    {
        PolicyKind kind = RequestException.OneOf<PolicyKind>("policy", request.Policy);
        if (kind is PolicyKind.Unbounded or PolicyKind.Latest)
        {
            return request.Capacity is null
                ? kind == PolicyKind.Unbounded ? LagPolicy.Unbounded : LagPolicy.Latest
                : throw new RequestException($"The policy {request.Policy ?? "unbounded"} has no capacity. Leave it out.");
        }

        int capacity = RequestException.InRange(
            "capacity", request.Capacity ?? throw new RequestException($"The policy {request.Policy} needs a capacity."), 1, MaxCapacity);
        return kind switch
        {
            PolicyKind.DropOldest => LagPolicy.DropOldest(capacity),
            PolicyKind.Fail => LagPolicy.Fail(capacity),
            _ => LagPolicy.Wait(capacity),
        };
    }

    private IScheduler NewScheduler(SchedulerKind kind, string name)
    {
        switch (kind)
        {
            case SchedulerKind.ThreadPool:
                return TaskPoolScheduler.Default;
            case SchedulerKind.NewThread:
                return NewThreadScheduler.Default;
            case SchedulerKind.PublishingThread:
                return ImmediateScheduler.Instance;
            default:
                var loop = new EventLoopScheduler(start => new Thread(start) { Name = name, IsBackground = true });
                _loops.Add(loop);
                return loop;
        }
    }

    private string ToName(string? given)
    {
        if (given is null)
        {
            return Enumerable.Range(1, MaxSubscribers + 1).Select(i => $"subscriber {i}").First(IsFree);
        }

        string name = given.Trim();
        if (name.Length is 0 or > MaxNameLength)
        {
            throw new RequestException($"name must have 1 to {MaxNameLength} characters, not {name.Length:N0}.");
        }

        return IsFree(name) ? name : throw new RequestException($"There is a subscriber '{name}' already.", StatusCodes.Status409Conflict);
    }

    private bool IsFree(string name) => _subscribers.All(m => m.Name != name);

    private SubscriberPair Find(int id) =>
        _subscribers.FirstOrDefault(m => m.Id == id)
        ?? throw new RequestException($"There is no subscriber {id}.", StatusCodes.Status404NotFound);

    private Bookmark Find(string? name) =>
        name is null
            ? throw new RequestException("To join at a bookmark, give its name: bookmark is missing.")
            : _bookmarks.FirstOrDefault(b => b.Name == name)
                ?? throw new RequestException($"There is no bookmark '{name}'.", StatusCodes.Status404NotFound);

    private bool Remove(SubscriberPair subscriber)
    {
        bool isRemoved = ImmutableInterlocked.Update(ref _subscribers, static (subscribers, removed) => subscribers.Remove(removed), subscriber);
        subscriber.Unsubscribe();
        return isRemoved;
    }

    private bool Remove(Bookmark bookmark) =>
        ImmutableInterlocked.Update(ref _bookmarks, static (bookmarks, removed) => bookmarks.Remove(removed), bookmark);

    private async Task CompleteSubjectAsync()
    {
        await _subjectLoad.StopAsync();
        _subject.OnCompleted();
    }

    private void RemoveOverLimit(long published)
    {
        if (_collectionsDue > 0)
        {
            // The removed events are in an old generation, which would not be collected for a long time. The collection starts with the next
            // frame, because by then the call to a removed subscriber has returned. It does not block, because the frame is due.
            _collectionsDue--;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
        }

        foreach (SubscriberPair subscriber in _subscribers.Where(m => m.Held > _maxHeld))
        {
            if (Remove(subscriber))
            {
                AddNotice($"{subscriber.Name} was removed: it kept more than {_maxHeld:N0} events in memory.");
            }
        }

        foreach (Bookmark bookmark in _bookmarks.Where(b => published - b.Position.Sequence > _maxHeld))
        {
            if (Remove(bookmark))
            {
                AddNotice($"Bookmark {bookmark.Name} was removed: it kept more than {_maxHeld:N0} events in memory.");
            }
        }
    }

    private void AddNotice(string text)
    {
        const int MaxNotices = 5;
        _collectionsDue = Collections;
        var notice = new Notice(++_noticeCount, text);
        ImmutableInterlocked.Update(ref _notices, static (notices, added) => [.. notices.TakeLast(MaxNotices - 1), added], notice);
    }

    private void ThrowIfCompleted()
    {
        if (_completedAt is not null)
        {
            throw new RequestException("The stream is completed. Restart the experiment first.", StatusCodes.Status409Conflict);
        }
    }
}

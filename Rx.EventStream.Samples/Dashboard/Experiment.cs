using System.Collections.Immutable;
using System.Reactive.Concurrency;
using System.Reactive.Subjects;
using Microsoft.AspNetCore.Http;

namespace Rx.Samples.Dashboard;

/// <summary>One run: a stream and a subject under the same load, with the same subscribers, until both are completed.</summary>
/// <remarks>Controlled by one thread at a time; looked at by another one meanwhile.</remarks>
internal sealed class Experiment : IAsyncDisposable
{
    public const int MostRate = 1_000_000;
    public const int MostPublishers = 8;
    public const int MostMembers = 8;
    public const int MostBookmarks = 5;
    public const int MostCapacity = 1_000_000;
    private const int LongestName = 24;

    /// <summary>A bookmark gives back what it keeps in its finalizer, which runs after the first.</summary>
    private const int Collections = 2;

    /// <summary>What those who join at the oldest event can replay.</summary>
    private const int Retained = 10_000;

    private readonly EventStream<Mark> _stream = new(new EventStreamOptions { Name = "dashboard", Retention = Retention.Count(Retained) });

    /// <summary>Synchronized, because several publishers on a bare subject break its grammar.</summary>
    private readonly ISubject<Mark> _subject = Subject.Synchronize(new Subject<Mark>());
    private readonly Load _streamLoad;
    private readonly Load _subjectLoad;
    private readonly List<EventLoopScheduler> _loops = [];
    private readonly long _mostHeld;

    // Replaced by whoever changes them, read by anyone.
    private ImmutableArray<Member> _members = [];
    private ImmutableArray<Bookmark> _bookmarks = [];
    private ImmutableArray<Notice> _notices = [];
    private int _rate;
    private int _publishers;

    /// <summary>How many events there are when no more can come, or null.</summary>
    private long? _completedAt;
    private int _memberCount;
    private int _noticeCount;

    /// <summary>At how many looks to come the garbage collector is to be called for what removed hoarders kept.</summary>
    private int _collectionsDue;

    /// <summary>Begins with three subscribers.</summary>
    /// <param name="rate">Events a second, of all publishers together.</param>
    /// <param name="publishers">How many threads.</param>
    /// <param name="mostHeld">How many events one subscriber or bookmark may keep in memory.</param>
    public Experiment(int rate, int publishers, long mostHeld)
    {
        _mostHeld = mostHeld;
        _streamLoad = new Load("stream", _stream);
        _subjectLoad = new Load("subject", _subject);
        Add(new SubscriberRequest("ledger"));
        Add(new SubscriberRequest("screen", Policy: "latest", Scheduler: "eventLoop"));
        Add(new SubscriberRequest("uplink", Policy: "dropOldest", Capacity: 10_000, Scheduler: "newThread"));
        Set(new LoadRequest(rate, publishers));
    }

    /// <summary>Changes the load of both sides.</summary>
    /// <exception cref="RequestException">A value is out of range, or the stream is completed.</exception>
    public void Set(LoadRequest request)
    {
        int rate = RequestException.InRange("rate", request.Rate ?? _rate, 1, MostRate);
        int publishers = RequestException.InRange("publishers", request.Publishers ?? _publishers, 1, MostPublishers);
        ThrowIfCompleted();
        _rate = rate;
        _publishers = publishers;
        _streamLoad.Set(rate, publishers);
        _subjectLoad.Set(rate, publishers);
    }

    /// <summary>Adds a subscriber to both sides.</summary>
    /// <exception cref="RequestException">The request makes no sense.</exception>
    public Member Add(SubscriberRequest request)
    {
        JoinPoint joinAt = RequestException.OneOf<JoinPoint>("joinAt", request.JoinAt);
        SchedulerKind scheduler = RequestException.OneOf<SchedulerKind>("scheduler", request.Scheduler);
        LagPolicy policy = PolicyOf(request);
        int? speed = request.Speed is { } given ? RequestException.InRange("speed", given, 1, MostRate) : null;
        if (scheduler == SchedulerKind.PublishingThread && policy != LagPolicy.Unbounded)
        {
            throw new RequestException(
                $"On the publishing thread nobody lags, so the policy {policy} means nothing there: take unbounded, or another scheduler.");
        }

        if (_members.Length >= MostMembers)
        {
            throw new RequestException($"There are {MostMembers} subscribers already: remove one first.", StatusCodes.Status409Conflict);
        }

        string name = NameOf(request.Name);
        EventObservable<Mark> view = joinAt switch
        {
            JoinPoint.Now => _stream.GetNextPosition().AsObservable(),
            JoinPoint.Oldest => _stream.GetOldestPosition().AsObservable(),
            _ => Find(request.Bookmark).Position.AsObservable(),
        };
        var member = new Member(++_memberCount, name, view.ObserveOn(NewScheduler(scheduler, name)), policy, scheduler, speed, _subject);
        ImmutableInterlocked.Update(ref _members, static (members, added) => members.Add(added), member);
        return member;
    }

    /// <summary>Makes a subscriber stop, or go on.</summary>
    /// <exception cref="RequestException">There is no such subscriber.</exception>
    public void Stall(int id, bool isStalled) => Find(id).Stall(isStalled);

    /// <summary>Ends a subscriber.</summary>
    /// <exception cref="RequestException">There is no such subscriber.</exception>
    public void Remove(int id) => Remove(Find(id));

    /// <summary>Keeps the place before the next event.</summary>
    /// <exception cref="RequestException">There are too many.</exception>
    public Bookmark AddBookmark()
    {
        if (_bookmarks.Length >= MostBookmarks)
        {
            throw new RequestException($"There are {MostBookmarks} bookmarks already: remove one first.", StatusCodes.Status409Conflict);
        }

        string name = Enumerable.Range('A', MostBookmarks).Select(c => $"{(char)c}").First(n => _bookmarks.All(b => b.Name != n));
        var bookmark = new Bookmark(name, _stream.GetNextPosition());
        ImmutableInterlocked.Update(ref _bookmarks, static (bookmarks, added) => bookmarks.Add(added), bookmark);
        return bookmark;
    }

    /// <summary>Lets go of a place.</summary>
    /// <exception cref="RequestException">There is no such bookmark.</exception>
    public void RemoveBookmark(string name) => Remove(Find(name));

    /// <summary>Ends publishing, and the stream, and the subject as soon as its publishers come out of it. Again: does nothing.</summary>
    public void Complete()
    {
        if (_completedAt is null)
        {
            _ = _streamLoad.StopAsync();
            _ = CompleteSubjectAsync();
            _stream.OnCompleted();
            _completedAt = _stream.GetNextPosition().Sequence;
        }
    }

    /// <summary>Takes the figures of this moment, and ends who keeps too much in memory. For one thread at a time.</summary>
    /// <param name="run">What the run is called.</param>
    /// <param name="time">Seconds since the run began.</param>
    public DashboardFrame Look(string run, double time)
    {
        SideFrame stream = _streamLoad.Look(time);
        stream = stream with { Published = _completedAt ?? stream.Published };
        EndHoarders(stream.Published);
        return new DashboardFrame(
            run,
            time,
            _completedAt is not null,
            _rate,
            _publishers,
            GC.GetTotalMemory(forceFullCollection: false),
            stream,
            _subjectLoad.Look(time),
            [.. _members.Select(m => m.Look(time))],
            [.. _bookmarks.Select(b => new BookmarkFrame(b.Name, b.Position.Sequence))],
            _notices);
    }

    /// <summary>Ends everything; whoever is blocked is let go.</summary>
    public async ValueTask DisposeAsync()
    {
        Task ended = Task.WhenAll(_streamLoad.StopAsync(), _subjectLoad.StopAsync());
        foreach (Member member in _members)
        {
            Remove(member);
        }

        _stream.Dispose();
        await ended;

        // Only now: whoever publishes may be about to schedule something.
        _loops.ForEach(loop => loop.Dispose());
    }

    private static LagPolicy PolicyOf(SubscriberRequest request)
    {
        PolicyKind kind = RequestException.OneOf<PolicyKind>("policy", request.Policy);
        if (kind is PolicyKind.Unbounded or PolicyKind.Latest)
        {
            return request.Capacity is null
                ? kind == PolicyKind.Unbounded ? LagPolicy.Unbounded : LagPolicy.Latest
                : throw new RequestException($"The policy {request.Policy ?? "unbounded"} has no capacity; leave it out.");
        }

        int capacity = RequestException.InRange(
            "capacity", request.Capacity ?? throw new RequestException($"The policy {request.Policy} needs a capacity."), 1, MostCapacity);
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

    private string NameOf(string? given)
    {
        if (given is null)
        {
            return Enumerable.Range(1, MostMembers + 1).Select(i => $"subscriber {i}").First(IsFree);
        }

        string name = given.Trim();
        if (name.Length is 0 or > LongestName)
        {
            throw new RequestException($"name must have 1 to {LongestName} characters, not {name.Length:N0}.");
        }

        return IsFree(name) ? name : throw new RequestException($"There is a subscriber '{name}' already.", StatusCodes.Status409Conflict);
    }

    private bool IsFree(string name) => _members.All(m => m.Name != name);

    private Member Find(int id) =>
        _members.FirstOrDefault(m => m.Id == id)
        ?? throw new RequestException($"There is no subscriber {id}.", StatusCodes.Status404NotFound);

    private Bookmark Find(string? name) =>
        name is null
            ? throw new RequestException("To join at a bookmark, say which one: bookmark is missing.")
            : _bookmarks.FirstOrDefault(b => b.Name == name)
                ?? throw new RequestException($"There is no bookmark '{name}'.", StatusCodes.Status404NotFound);

    private bool Remove(Member member)
    {
        bool isMine = ImmutableInterlocked.Update(ref _members, static (members, removed) => members.Remove(removed), member);
        member.Leave();
        return isMine;
    }

    private bool Remove(Bookmark bookmark) =>
        ImmutableInterlocked.Update(ref _bookmarks, static (bookmarks, removed) => bookmarks.Remove(removed), bookmark);

    private async Task CompleteSubjectAsync()
    {
        await _subjectLoad.StopAsync();
        _subject.OnCompleted();
    }

    private void EndHoarders(long published)
    {
        if (_collectionsDue > 0)
        {
            // What they kept is old, so that the collector would not get to it for a long time. Not before the next look, since whoever was
            // calling a subscriber has left by then; and not waiting, since a frame is due.
            _collectionsDue--;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
        }

        foreach (Member member in _members.Where(m => m.Held > _mostHeld))
        {
            if (Remove(member))
            {
                Tell($"{member.Name} was removed: more than {_mostHeld:N0} events were kept in memory for it.");
            }
        }

        foreach (Bookmark bookmark in _bookmarks.Where(b => published - b.Position.Sequence > _mostHeld))
        {
            if (Remove(bookmark))
            {
                Tell($"Bookmark {bookmark.Name} was removed: it kept more than {_mostHeld:N0} events in memory.");
            }
        }
    }

    private void Tell(string text)
    {
        const int Kept = 5;
        _collectionsDue = Collections;
        var notice = new Notice(++_noticeCount, text);
        ImmutableInterlocked.Update(ref _notices, static (notices, added) => [.. notices.TakeLast(Kept - 1), added], notice);
    }

    private void ThrowIfCompleted()
    {
        if (_completedAt is not null)
        {
            throw new RequestException("The stream is completed: start again.", StatusCodes.Status409Conflict);
        }
    }
}

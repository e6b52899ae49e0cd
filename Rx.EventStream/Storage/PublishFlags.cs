namespace Rx.Storage;

/// <summary>Conditions that a publisher looks at. All but those in <see cref="Fast"/> take it off the fast path.</summary>
[Flags]
internal enum PublishFlags
{
    None = 0,

    /// <summary>There are several writers: a claim is an interlocked operation. Set at construction.</summary>
    MultiWriter = 1,

    /// <summary>Each event is stamped with the time: the log retains by age. Set at construction.</summary>
    Timed = 2,

    /// <summary>A reader or pump may be parked: look at the stacks after publishing. Set before the first cursor can park, and followed by
    /// a process-wide barrier.</summary>
    HasWaiters = 4,

    /// <summary>The barrier after <see cref="HasWaiters"/> is over: the mark of a writer that missed the flag is visible. Never
    /// cleared.</summary>
    WaitersAnnounced = 8,

    /// <summary>A caller may wait for subscribers to move. Set before the first one waits; each issues a process-wide barrier.</summary>
    HasProgressWaiters = 16,

    /// <summary>The log has ended, or a subscriber has held publishers back: ask before publishing. Never cleared.</summary>
    GatedOrEnded = 32,

    /// <summary>More than one observer is called on the publishing thread. Set and cleared under the list's lock; a hint, since the list
    /// says which.</summary>
    ManyObservers = 64,

    /// <summary>The last observer on the publishing thread has left: the draining thread closes the delivery. Set and cleared under the
    /// list's lock.</summary>
    NoObservers = 128,

    /// <summary>Subscriptions wait to be admitted by the draining thread. Set after a subscription became ready to be admitted, cleared
    /// under the list's lock.</summary>
    HasJoiners = 256,

    /// <summary>The single writer does not own the delivery's cursor: the delivery is closed, or a subscriber has opened it. Set while it
    /// is closed, cleared by the writer.</summary>
    HandOverPending = 512,

    /// <summary>The draining thread has published from inside a delivery: look for more before returning. Set and cleared by that
    /// thread.</summary>
    PublishedInside = 1024,

    /// <summary>An observer has thrown in the current delivery. Set and cleared by the draining thread.</summary>
    ObserverThrew = 2048,

    /// <summary>A publisher has met another thread that drains: drainers look for more after they have left. Set before a publisher first
    /// relies on that, and followed by a process-wide barrier. Never cleared.</summary>
    Contended = 4096,

    /// <summary>The barrier after <see cref="Contended"/> is over: a drainer that missed the flag has left, and all can see it. Never
    /// cleared.</summary>
    ContentionAnnounced = 8192,

    /// <summary>Each event is kept with the trace in which it was published. Set at construction.</summary>
    Traced = 16384,

    /// <summary>Each event has a stamp.</summary>
    Stamped = Timed | Traced,

    /// <summary>With nothing but these, a drainer that has delivered its own event leaves without another look.</summary>
    Uncontended = MultiWriter | HasWaiters | WaitersAnnounced | ManyObservers,

    /// <summary>With nothing but these, publishing takes the fast path.</summary>
    Fast = Uncontended | Contended | ContentionAnnounced,
}

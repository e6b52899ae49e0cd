namespace Rx.Storage;

/// <summary>What a publisher has to mind beyond writing the event. All in one word, so that the usual case is one comparison.</summary>
[Flags]
internal enum Duties
{
    None = 0,

    /// <summary>Claim by an interlocked operation: there are several writers. Set at the start.</summary>
    Share = 1,

    /// <summary>Stamp the event with the time: the log retains by time. Set at the start.</summary>
    Stamp = 2,

    /// <summary>Look whether somebody is parked. Set before the first cursor can park, behind a process-wide barrier.</summary>
    Wake = 4,

    /// <summary>Tell those who wait for subscribers to move. Set before the first of them waits, who issues a process-wide barrier.</summary>
    Tell = 8,

    /// <summary>Ask before publishing: the log has ended, or publishers wait for slow subscribers.</summary>
    Ask = 16,

    /// <summary>The delivery on the publishing thread has something to settle first: a single writer has not taken it over yet, or has published
    /// from inside it; or an observer threw. Set before there is such a delivery, and from then on set and cleared by whoever owns it.</summary>
    Settle = 32,

    /// <summary>Nothing to mind: every writer knows of <see cref="Wake"/>. Set behind its barrier.</summary>
    WakeKnown = 64,

    /// <summary>Call more observers than one on the publishing thread. Set and cleared by those who come and leave, under their lock; it is a hint,
    /// since the list says who is to be called.</summary>
    CallMany = 128,

    /// <summary>Close the delivery on the publishing thread: the last observer there has left. Set under the list's lock by who left, cleared under it
    /// by who closes, or comes.</summary>
    Close = 256,

    /// <summary>Whoever publishes with nothing but these goes the usual way.</summary>
    Usual = Share | Wake | WakeKnown | CallMany,
}

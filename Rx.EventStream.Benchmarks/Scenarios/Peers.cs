namespace Rx.Benchmarks.Scenarios;

/// <summary>The names of the contenders that ours are compared with.</summary>
internal static class Peers
{
    public const string Subject = "Subject";
    public const string Synchronized = "Subject.Synchronize";
    public const string Replay = "ReplaySubject";
    public const string ObserveOn = "Subject + ObserveOn";
    public const string R3 = "R3 Subject";
    public const string R3Replay = "R3 ReplaySubject";
    public const string R3ObserveOn = "R3 + ObserveOn";

    /// <summary>A channel with default options.</summary>
    public const string Channel = "Channel";

    /// <summary>A channel with the options for a single reader and a single writer.</summary>
    public const string ChannelSingle = "Channel, single reader and writer";

    /// <summary>A channel whose reader's thread never sleeps.</summary>
    public const string Polled = "Channel, polled";

    /// <summary>Two threads and a field, without a library: the least that a hop between threads that spin can take.</summary>
    public const string Field = "a field, polled";

    /// <summary>A channel for each consumer, which enumerates it.</summary>
    public const string ChannelEnumerable = "Channel, ReadAllAsync";

    /// <summary>A subject, and the operator of System.Interactive.Async that turns an observable into an asynchronous enumeration.</summary>
    public const string SubjectEnumerable = "Subject + ToAsyncEnumerable";

    /// <summary>An in-process message bus: <c>StrongReferenceMessenger</c> of CommunityToolkit.Mvvm.</summary>
    public const string Messenger = "StrongReferenceMessenger";
    public const string Akka = "Akka BroadcastHub";

    /// <summary>The NATS client without this library.</summary>
    public const string Nats = "NATS.Net";

    /// <summary>A loop over an array, without a library: the least that calling an observer can take.</summary>
    public const string Array = "array, walked";
    public const string WorkItem = "a work item";
    public const string Event = "AutoResetEvent";
    public const string OursParked = "ours, a thread that parks";
    public const string OursToOne = "ours, to one";
    public const string OursObserver = "ours, an observer";

    /// <summary>A channel, and a loop that awaits the handler for each item.</summary>
    public const string ChannelLoop = "Channel + await foreach";
    public const string R3Await = "R3 SubscribeAwait";
    public const string RxConcat = "Select(FromAsync).Concat";
}

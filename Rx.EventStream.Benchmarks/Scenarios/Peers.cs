namespace Rx.Benchmarks.Scenarios;

/// <summary>Whom ours are compared with.</summary>
internal static class Peers
{
    public const string Subject = "Subject";
    public const string Synchronized = "Subject.Synchronize";
    public const string Replay = "ReplaySubject";
    public const string ObserveOn = "Subject + ObserveOn";
    public const string R3 = "R3 Subject";
    public const string R3Replay = "R3 ReplaySubject";
    public const string R3ObserveOn = "R3 + ObserveOn";

    /// <summary>As most people open one.</summary>
    public const string Channel = "Channel";

    /// <summary>With the options that suit one reader and one writer best.</summary>
    public const string ChannelSingle = "Channel, single reader and writer";
    public const string Akka = "Akka BroadcastHub";

    /// <summary>The client of the server, without this library.</summary>
    public const string Nats = "NATS.Net";

    /// <summary>No library at all: who calls an observer can hardly do less.</summary>
    public const string Array = "array, walked";
    public const string OursToOne = "ours, to one";
}

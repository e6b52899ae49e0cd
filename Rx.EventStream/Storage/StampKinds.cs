namespace Rx.Storage;

/// <summary>What a log notes of each event beside its value.</summary>
[Flags]
internal enum StampKinds
{
    None = 0,

    /// <summary>When it was published: the log retains by age.</summary>
    Time = 1,

    /// <summary>The trace in which it was published.</summary>
    Trace = 2,
}

namespace Rx.Nats;

/// <summary>An event was not stored, because others were stored since the sequence that its publisher expected to be the last.</summary>
/// <remarks><b>Concurrency.</b> Immutable; may be used from any thread.</remarks>
public sealed class WrongSequenceException : Exception
{
    internal WrongSequenceException(string stream, long expected, long actual)
        : base($"The last sequence of stream '{stream}' is {actual}, not {expected} as expected; the event was not stored.")
    {
        Expected = expected;
        Actual = actual;
    }

    /// <summary>The sequence that was expected to be the last.</summary>
    public long Expected { get; }

    /// <summary>The sequence that was the last.</summary>
    public long Actual { get; }
}

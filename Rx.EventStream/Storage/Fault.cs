using System.Diagnostics;

namespace Rx.Storage;

/// <summary>The place where some cursors of a log end with an error, though the log goes on: where the projection failed that they follow.</summary>
internal sealed class Fault
{
    /// <summary>The first sequence that is not read any more, or <see cref="long.MaxValue"/>. Written once with release, by the one
    /// who set <see cref="_error"/>; read with acquire by cursors.</summary>
    private long _sequence = long.MaxValue;

    /// <summary>Written once, before <see cref="_sequence"/>, which publishes it.</summary>
    private Exception? _error;

    internal long Sequence => Volatile.Read(ref _sequence);

    /// <summary>The error, to be asked for by one who has seen the sequence.</summary>
    internal Exception Error => _error!;

    /// <summary>Ends the cursors. Called once; the caller then wakes those who are parked.</summary>
    internal void Set(long sequence, Exception error)
    {
        Debug.Assert(_error is null, "A fault is set once.");
        _error = error;
        Volatile.Write(ref _sequence, sequence);
    }
}

namespace Rx.Storage;

/// <summary>How a log ended. The first one set wins, except that disposal replaces the others.</summary>
internal sealed class Termination
{
    internal static readonly Termination Completed = new(null);
    internal static readonly Termination Disposed = new(null);

    /// <summary>Disposed, and every event is there that was claimed before.</summary>
    internal static readonly Termination Settled = new(null);

    private Termination(Exception? error) => Error = error;

    /// <summary>The error the log ended with, or null.</summary>
    internal Exception? Error { get; }

    /// <summary>Whether it is <see cref="Disposed"/> or <see cref="Settled"/>.</summary>
    internal bool IsDisposal => ReferenceEquals(this, Disposed) || ReferenceEquals(this, Settled);

    internal static Termination Failed(Exception error) => new(error);
}

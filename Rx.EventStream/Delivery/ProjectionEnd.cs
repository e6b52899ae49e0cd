using System.Runtime.ExceptionServices;

namespace Rx.Delivery;

/// <summary>Why a projection folds no more events. Immutable.</summary>
internal sealed class ProjectionEnd
{
    private readonly ExceptionDispatchInfo? _error;

    private ProjectionEnd(Exception? error, bool isFinal, bool isDisposal)
    {
        _error = error is null ? null : ExceptionDispatchInfo.Capture(error);
        IsFinal = isFinal;
        IsDisposal = isDisposal;
    }

    /// <summary>What the projection ended with, or null if the stream completed.</summary>
    internal Exception? Error => _error?.SourceException;

    /// <summary>Whether the state is gone too: the projection was disposed, or has failed. After the end of the stream it stays.</summary>
    internal bool IsFinal { get; }

    /// <summary>Whether the projection, or the stream, was disposed.</summary>
    internal bool IsDisposal { get; }

    /// <summary>The stream has ended, with an error or without, and every event is in the state.</summary>
    internal static ProjectionEnd OfStream(Exception? error) => new(error, isFinal: false, isDisposal: false);

    /// <summary>Folding threw, or the projection's scheduler takes no work.</summary>
    internal static ProjectionEnd Fault(Exception error) => new(error, isFinal: true, isDisposal: false);

    internal static ProjectionEnd Disposal(ObjectDisposedException error) => new(error, isFinal: true, isDisposal: true);

    /// <summary>Throws if there is no state any more.</summary>
    internal void ThrowIfFinal()
    {
        if (IsFinal)
        {
            _error!.Throw();
        }
    }
}

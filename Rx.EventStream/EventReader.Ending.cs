using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Rx.Delivery;
using Rx.Diagnostics;
using Rx.Storage;

namespace Rx;

/// <content>How a reader finds that there is nothing more to read.</content>
public sealed partial class EventReader<T>
{
    /// <summary>Whether an exception is what the stream, or this reader, ended with, and not what is wrong with a call.</summary>
    private bool IsItsEnd(Exception error) => error == Volatile.Read(ref _end)?.Error || error == Volatile.Read(ref _log)?.Termination?.Error;

    /// <summary>Whether the stream has ended, and every event was read. For any thread.</summary>
    private bool HasReadAll => Volatile.Read(ref _log) is { } log && log.Termination is not null && _cursor.IsAtEnd(log);

    /// <summary>Whether there will be nothing more to read, so that the cursor need keep nothing: the stream has ended or is disposed, and all was
    /// read; or the reader has lagged too far. For the owner, or once the stream has ended, for any thread.</summary>
    private bool IsOver(EventLog<T> log) =>
        _cursor.IsAtEnd(log) || _cursor.HasFailed || (log.IsSettled && _cursor.Sequence >= log.NextSequence);

    /// <summary>Notes how the reader has ended, and keeps nothing any more, if there will be nothing more to read. For the owner, or once the
    /// stream has ended, for any thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EndIfOver(EventLog<T> log)
    {
        if (IsOver(log))
        {
            EndSlow(log);
        }
    }

    private void EndSlow(EventLog<T> log)
    {
        _ = FindEnd(log);
        _cursor.Close(log);
    }

    /// <summary>How the reader has ended; null if it has not, or if the stream was disposed before. For any thread.</summary>
    private Termination? FindEnd(EventLog<T> log)
    {
        Termination? end = log.Termination;
        if (Volatile.Read(ref _end) is { } found)
        {
            return EndWith(found);
        }

        if (log.IsSettled)
        {
            _cursor.FailIfLagging(log);
        }

        if (_cursor.HasFailed)
        {
            return Fail();
        }

        return end is { IsDisposal: false } && _cursor.IsAtEnd(log) ? EndWith(end) : null;
    }

    /// <summary>As <see cref="FindEnd(EventLog{T})"/>, and whether the stream was disposed before. It counts as disposed once every event is there that
    /// was published before.</summary>
    private Termination? FindEnd(EventLog<T> log, out bool isDisposed)
    {
        Termination? end;
        do
        {
            isDisposed = log.IsSettled;
            end = FindEnd(log);
        }
        while (isDisposed != log.IsSettled); // disposed in between

        return end;
    }

    private Termination Fail()
    {
        _listing.SetFailed();
        return EndWith(Termination.Failed(Observers.LaggedError(_listing.Name, in _cursor)));
    }

    /// <summary>Notes how the reader has ended, unless it has. Every thread that finds the end tells the subscription, so that none goes on
    /// before.</summary>
    private Termination EndWith(Termination found)
    {
        Termination end = LazyInitializer.EnsureInitialized(ref _end, () => found);
        _listing.SetError(end.Error);
        return end;
    }

    /// <summary>Notes the end of the stream, if all was read, or its disposal. By the thread that ends it, after a process-wide barrier: either it sees
    /// here that the owner has read the last event, or the owner sees the end after that.</summary>
    private void OnStreamEnded()
    {
        if (Volatile.Read(ref _log) is { } log)
        {
            _ = FindEnd(log); // also of a reader that lags too far, and has not noticed
            EndIfOver(log);
        }

        CompleteIfEnded(Volatile.Read(ref _completion));
    }

    private bool IsOfDisposedStream => Volatile.Read(ref _log) is { IsDisposed: true };

    /// <summary>Whether there is an event; false if the stream has completed and all was read. For a wait that was woken.</summary>
    private bool HasEventOrThrow()
    {
        EventLog<T> log = LogOrThrow();
        return HasEvent(log) || !HasEndedOrThrow(log);
    }

    /// <summary>Whether everything was read and the stream has completed; throws if it has ended in another way.</summary>
    private bool HasEndedOrThrow(EventLog<T> log)
    {
        DisposedError.ThrowIf(_wait.IsEnded, typeof(EventReader<T>), _listing.Name);
        CompleteIfEnded(_completion);
        EndIfOver(log);
        Termination? end = FindEnd(log, out bool isDisposed);
        if (isDisposed && _cursor.HasEvent(log))
        {
            return false; // published since the caller looked, before the disposal
        }

        if (isDisposed && !_cursor.HasFailed)
        {
            _cursor.Close(log); // what is published from now on is not read
            throw DisposedError.OfStream(log);
        }

        if (end?.Error is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }

        return end is not null;
    }

    /// <summary>Completes <see cref="Completion"/> if there is nothing more to come for this reader. For any thread.</summary>
    private void CompleteIfEnded(CompletionWatch? completion)
    {
        if (completion is null)
        {
            return;
        }

        // The sequence number was stored, now the end is loaded; the thread that ends the stream stores the end, then loads the sequence
        // number.
        Interlocked.MemoryBarrier();
        EventLog<T>? log = Volatile.Read(ref _log);
        bool isDisposed = false;
        if ((log is null ? Volatile.Read(ref _end) : FindEnd(log, out isDisposed)) is { } end)
        {
            completion.Complete(end.Error);
        }
        else if (log is null)
        {
            completion.Complete(Disposed());
        }
        else if (isDisposed)
        {
            completion.Complete(DisposedError.OfStream(log));
        }
    }
}

using System.Runtime.ExceptionServices;
using Rx.Delivery;
using Rx.Diagnostics;
using Rx.Storage;

namespace Rx;

/// <content>How a reader finds that there is nothing more to read.</content>
public sealed partial class EventReader<T>
{
    /// <summary>Whether an exception is what the stream, or this reader, ended with, and not what is wrong with a call.</summary>
    private bool IsItsEnd(Exception error) => error == Volatile.Read(ref _failure) || error == Volatile.Read(ref _log)?.Termination?.Error;

    /// <summary>Whether the stream has ended, and every event was read. For any thread.</summary>
    private bool HasReadAll => Volatile.Read(ref _log) is { } log && log.Termination is not null && _cursor.IsAtEnd(log);

    /// <summary>Whether there will be nothing more to read, so that the cursor need keep nothing: the stream has ended or is disposed, and all was
    /// read. For the owner, or once the stream has ended, for any thread.</summary>
    private bool IsOver(EventLog<T> log) =>
        _cursor.IsAtEnd(log) || (log.IsDisposed && _cursor.Sequence >= log.NextSequence);

    /// <summary>Keeps nothing any more if there will be nothing more to read. For any thread, once the stream has ended.</summary>
    private void LeaveIfOver()
    {
        if (Volatile.Read(ref _log) is { } log && IsOver(log))
        {
            _cursor.Close(log);
        }
    }

    private bool IsOfDisposedStream => ReferenceEquals(Volatile.Read(ref _log)?.Termination, Termination.Disposed);

    /// <summary>Whether there is an event; false if the stream has completed and all was read. For a wait that was woken.</summary>
    private bool HasEventOrThrow()
    {
        EventLog<T> log = LogOrThrow();
        return _cursor.HasEvent(log) || !HasEndedOrThrow(log);
    }

    /// <summary>Whether everything was read and the stream has completed; throws if it has ended in another way.</summary>
    private bool HasEndedOrThrow(EventLog<T> log)
    {
        DisposedError.ThrowIf(_wait.IsEnded, typeof(EventReader<T>), _listing.Name);
        CompleteIfEnded(_completion);
        Termination? termination = log.Termination;
        if (IsOver(log))
        {
            _cursor.Close(log);
        }

        DisposedError.ThrowIf(ReferenceEquals(termination, Termination.Disposed), typeof(EventStream<T>));
        if (_cursor.HasFailed)
        {
            ExceptionDispatchInfo.Throw(Failure());
        }

        if (termination is null || !_cursor.IsAtEnd(log))
        {
            return false;
        }

        if (termination.Error is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }

        return true;
    }

    /// <summary>Completes <see cref="Completion"/> if there is nothing more to come for this reader. For any thread.</summary>
    private void CompleteIfEnded(CompletionWatch? completion)
    {
        if (completion is null)
        {
            return;
        }

        if (Volatile.Read(ref _log) is not { } log)
        {
            completion.Complete(Disposed());
            return;
        }

        // The sequence number was stored, now the end is loaded; the thread that ends the stream stores the end, then loads the sequence
        // number.
        Interlocked.MemoryBarrier();
        Termination? termination = log.Termination;
        if (ReferenceEquals(termination, Termination.Disposed))
        {
            completion.Complete(DisposedError.Of(typeof(EventStream<T>)));
        }
        else if (_cursor.HasFailed)
        {
            completion.Complete(Failure());
        }
        else if (termination is not null && _cursor.IsAtEnd(log))
        {
            completion.Complete(termination.Error);
        }
    }

    private SubscriberLaggedException Failure()
    {
        SubscriberLaggedException failure = LazyInitializer.EnsureInitialized(ref _failure, () => Observers.LaggedError(_listing.Name, in _cursor));
        _listing.SetError(failure);
        return failure;
    }
}

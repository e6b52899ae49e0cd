using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Rx.Delivery;
using Rx.Diagnostics;
using Rx.Parking;
using Rx.Storage;

namespace Rx;

/// <summary>Pulls events from a stream, at its own pace, as a <see cref="ChannelReader{T}"/> that takes nothing from others.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// The members of <see cref="ChannelReader{T}"/> keep a channel's conventions. Unlike a channel's reader this one can be disposed, and then
/// throws <see cref="ObjectDisposedException"/>.
/// <para>A disposed reader keeps nothing alive. The garbage collector frees a reader that is never disposed, with the events that only it
/// was holding.</para>
/// <para><b>Concurrency.</b> One owner at a time, as for an enumerator: reading and waiting must not overlap. Any thread may dispose the
/// reader at any time: a pending wait then ends, and a read throws or finds nothing. <see cref="Count"/>, <see cref="Sequence"/> and
/// <see cref="Completion"/> may be used from any thread.</para>
/// <para><see cref="EventStream{T}.Subscriptions"/> lists the reader until it has ended.</para>
/// </remarks>
[DebuggerDisplay("Sequence = {Sequence}, Count = {Count}")]
public sealed partial class EventReader<T> : ChannelReader<T>, IDisposable
{
    /// <summary>What it reads, or null once it is disposed. Set to null with release by the thread that disposes; read plainly by the owner,
    /// once in each call, and with acquire by other threads.</summary>
    private EventLog<T>? _log;

    /// <summary>Where it sleeps, or null once it is disposed. As <see cref="_log"/>.</summary>
    private ParkingLot<T>? _parking;

    private readonly Wait _wait;
    private readonly WaitStrategy _waitStrategy;

    /// <summary>Owned by the reader's owner; any thread reads its sequence number, for figures. While a wait is pending the thread that
    /// completes the wait owns it.</summary>
    private Cursor<T> _cursor;

    /// <summary>To where a <see cref="Count"/> has found all events published. Written with release by any thread that counts, and read with
    /// acquire.</summary>
    private long _seenTo;

    /// <summary>What <see cref="Completion"/> returned, or null. Set once, by the first caller; read with acquire.</summary>
    private CompletionWatch? _completion;

    /// <summary>How the reader has ended: as the stream did, once all was read, or because it lagged too far; else null. Set once, by the first
    /// thread that finds it, and read by any: what comes later, such as disposing, changes nothing in it.</summary>
    private Termination? _end;

    private readonly Listing _listing;

    internal EventReader(EventStream<T> stream, Cursor<T> cursor, string? name, WaitStrategy waitStrategy)
    {
        _waitStrategy = waitStrategy;
        _log = stream.Log;
        _parking = stream.Parking;
        _cursor = cursor;
        _wait = new Wait(this);
        _parking.AnnounceWaiters();
        _listing = new Listing(this, stream.Readers, name);
    }

    /// <summary>Gives back what a reader holds that was not disposed.</summary>
    ~EventReader()
    {
        // Null if the constructor threw.
        if (_log is not null)
        {
            LetGo();
        }
    }

    /// <summary>The reader as its stream lists it, which does not keep the reader.</summary>
    internal EventSubscription Subscription => _listing;

    /// <summary>The sequence number of the next event that is read.</summary>
    public long Sequence => _cursor.Sequence;

    /// <summary>How many events this reader skipped because it lagged too far; see <see cref="LagPolicy"/>. Of one that
    /// <see cref="LagPolicy.Fail"/> has ended, <see cref="SubscriberLaggedException.MissedCount"/> tells what it missed.</summary>
    public long Dropped => _cursor.Dropped;

    /// <summary>How many published events wait for this reader, and can be read one after the other: its lag, or what its
    /// <see cref="LagPolicy"/> leaves of it. 0 once the reader has ended.</summary>
    /// <remarks>A reader with <see cref="LagPolicy.Fail"/> that lags too far ends when it is next asked for an event. Until then this is the
    /// policy's bound, so that a caller that reads only where there is something to read asks.</remarks>
    public override int Count =>
        Volatile.Read(ref _log) is { } log && _cursor is { IsOpen: true, HasFailed: false } ? (int)Math.Clamp(_cursor.CountReadable(log, ref _seenTo), 0, int.MaxValue) : 0;

    /// <summary>True.</summary>
    public override bool CanCount => true;

    /// <summary>True.</summary>
    public override bool CanPeek => true;

    /// <summary>Done when the stream has ended and everything was read; faulted with the stream's error if it has one, with the
    /// reader's own if it did not get that far, or with an <see cref="ObjectDisposedException"/> if the reader or the stream is disposed
    /// before.</summary>
    /// <remarks>As with a channel, an end by <see cref="OperationCanceledException"/> makes it canceled, and an exception that no caller looks
    /// at is not reported as unobserved.</remarks>
    public override Task Completion
    {
        get
        {
            CompletionWatch watch = LazyInitializer.EnsureInitialized(ref _completion, () => new CompletionWatch(this));
            watch.Start();
            CompleteIfEnded(watch);
            return watch.Task;
        }
    }

    /// <summary>Reads the next event, if there is one now.</summary>
    /// <param name="item">The event.</param>
    /// <exception cref="ObjectDisposedException">The reader is disposed.</exception>
    public override bool TryRead([MaybeNullWhen(false)] out T item)
    {
        EventLog<T> log = LogOrThrow();
        bool isRead = _cursor.TryRead(log, out item);
        OnRead(log);
        return isRead;
    }

    /// <summary>Reads the events that are there now, up to a number of events.</summary>
    /// <param name="maxCount">The most events to read; at least 1.</param>
    /// <param name="batch">The events: a slice of the stream's own memory where they lie in one segment, and a copy where they lie in several.
    /// Either stays valid, and in use, for as long as it is held.</param>
    /// <returns>True if there was one.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxCount"/> is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The reader is disposed.</exception>
    public bool TryReadBatch(int maxCount, out ReadOnlyMemory<T> batch)
    {
        Ranges.ThrowIfNoBatch(maxCount);
        EventLog<T> log = LogOrThrow();
        batch = _cursor.PeekAcross(log, maxCount, minCount: maxCount); // not PeekBatch: once a reader has existed, no arrays are used again
        _cursor.MoveTo(_cursor.Sequence + batch.Length);
        _cursor.LeaveRead(log);
        OnRead(log);
        return !batch.IsEmpty;
    }

    /// <summary>Reads the next event, if there is one now, and stays before it.</summary>
    /// <param name="item">The event.</param>
    /// <exception cref="ObjectDisposedException">The reader is disposed.</exception>
    public override bool TryPeek([MaybeNullWhen(false)] out T item)
    {
        EventLog<T> log = LogOrThrow();
        bool isThere = _cursor.TryPeek(log, out item);
        OnRead(log); // it may have jumped, or found that it lags too far, or is at the end
        return isThere;
    }

    /// <summary>Reads the next event, as soon as there is one.</summary>
    /// <param name="cancellationToken">Ends the wait, but not the reader.</param>
    /// <exception cref="ChannelClosedException">The stream has ended and all was read; the stream's error, or a
    /// <see cref="SubscriberLaggedException"/>, is the <see cref="Exception.InnerException"/>.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled, or the stream has ended with this
    /// exception.</exception>
    /// <exception cref="ObjectDisposedException">The reader is disposed; or the stream is, and everything published before was
    /// read.</exception>
    /// <exception cref="InvalidOperationException">A wait is already pending.</exception>
    public override ValueTask<T> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(cancellationToken);
        }

        return !_wait.IsEnded && TryRead(out T? item) ? new ValueTask<T>(item) : ReadSlowAsync(cancellationToken);
    }

    /// <summary>Waits until there is an event to read. Allocates nothing, except now and then the segment for the event it waits
    /// for.</summary>
    /// <param name="cancellationToken">Ends the wait, but not the reader.</param>
    /// <returns>True when there is an event; false when the stream has completed and all was read.</returns>
    /// <remarks>The stream's error, if it has one, is thrown instead of returning false; so is a
    /// <see cref="SubscriberLaggedException"/> where the lag policy says so.
    /// <para>With a <see cref="WaitStrategy"/> that spins, it spins on the calling thread before it returns.</para>
    /// <para>After true, the next <see cref="TryRead"/> gives an event, unless a lag policy has dropped it in favor of one that another
    /// thread is just publishing.</para></remarks>
    /// <exception cref="ObjectDisposedException">The reader is disposed; or the stream is, and everything published before was
    /// read.</exception>
    /// <exception cref="InvalidOperationException">A wait is already pending.</exception>
    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<bool>(cancellationToken);
        }

        try
        {
            EventLog<T> log = LogOrThrow();
            Spinner spinner = _waitStrategy.StartSpinning();
            do
            {
                if (HasEvent(log))
                {
                    return new ValueTask<bool>(true);
                }

                if (HasEndedOrThrow(log))
                {
                    return new ValueTask<bool>(false);
                }

                _cursor.PrepareNext(log);
            }
            while (!cancellationToken.IsCancellationRequested && spinner.TrySpin());

            return _wait.Start(_parking!, cancellationToken);
        }
        catch (Exception error)
        {
            return ValueTask.FromException<bool>(error);
        }
    }

    /// <summary>Gives back what the reader holds. A pending wait ends with an <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        if (_wait.TryDispose())
        {
            GC.SuppressFinalize(this);
            EndIfOver(_log!);
            LetGo();
        }
    }

    /// <summary>Joins at the next event instead of where it stands, before it starts.</summary>
    internal void SkipToNext()
    {
        _cursor.SkipToNext(_log!);
        _listing.SetFirst(_cursor.Sequence);
    }

    /// <summary>Lists the new reader, which keeps nothing if there will be nothing to read.</summary>
    internal void Start()
    {
        EndIfOver(_log!); // no other thread knows the reader yet
        _listing.Add();
    }

    private ObjectDisposedException Disposed() => DisposedError.Of(typeof(EventReader<T>), _listing?.Name);

    private async ValueTask<T> ReadSlowAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            bool isOpen;
            try
            {
                isOpen = await WaitToReadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (IsItsEnd(error) && error is not OperationCanceledException)
            {
                throw new ChannelClosedException(error);
            }

            if (!isOpen)
            {
                throw new ChannelClosedException();
            }

            if (TryRead(out T? item))
            {
                return item;
            }
        }
    }

    /// <summary>Whether there is an event. The reader may have jumped there, over events that a caller waits for.</summary>
    private bool HasEvent(EventLog<T> log)
    {
        bool isThere = _cursor.HasEvent(log);
        _parking?.NotifyProgress();
        return isThere;
    }

    private void OnRead(EventLog<T> log)
    {
        EndIfOver(log);
        if (_completion is { } completion)
        {
            CompleteIfEnded(completion);
        }

        _parking?.NotifyProgress();
    }

    /// <summary>Gives back what the reader holds, and forgets the stream, so that the reader keeps nothing alive.</summary>
    private void LetGo()
    {
        ParkingLot<T>? parking = _parking;
        _cursor.Close(_log!);
        ErrorList errors = _listing?.End(Sequence, Dropped) ?? default; // null if the constructor threw
        Volatile.Write(ref _log, null);
        Volatile.Write(ref _parking, null);
        Interlocked.MemoryBarrier(); // a thread that sets the completion now either finds the log gone, or is found here
        CompleteIfEnded(Volatile.Read(ref _completion));
        parking?.NotifyProgress(); // nothing is left that a caller could wait for
        errors.Throw();
    }

    private EventLog<T> LogOrThrow()
    {
        EventLog<T>? log = _log; // plain: see the field
        DisposedError.ThrowIf(log is null, typeof(EventReader<T>), _listing.Name);
        return log;
    }
}

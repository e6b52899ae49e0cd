using Rx.Delivery;
using Rx.Parking;
using Rx.Storage;

namespace Rx;

public sealed partial class EventReader<T>
{
    /// <summary>The reader as <see cref="EventStream{T}.Subscriptions"/> lists it. The list keeps this object, which does not keep the
    /// reader.</summary>
    private sealed class Listing : EventSubscription
    {
        private readonly SubscriptionList _readers;

        /// <summary>The first sequence number that the reader gets. Set before it is listed.</summary>
        private long _first;

        /// <summary>The greatest <see cref="Delivered"/>: while the reader jumps over events, they are counted as dropped before its sequence number
        /// passes them.</summary>
        private GreatestState _delivered;

        /// <summary>A long weak reference, which finds the reader until its finalizer has given back what it held.</summary>
        private readonly WeakReference<EventReader<T>> _reader;

        /// <summary>What is done when the reader has given back what it held.</summary>
        private EndActionState _endActions;

        /// <summary>The figures at the end. Written with release by the thread that ends the reader, before <see cref="_isEnded"/>; read by any
        /// thread.</summary>
        private long _lastSequence;
        private long _lastDropped;

        /// <summary>Whether the reader has ended. Written with release by the thread that ends the reader, read with acquire by any.</summary>
        private bool _isEnded;

        /// <summary>Whether it has lagged too far. Written with release by the thread that finds that out, before the error; read with acquire by
        /// any.</summary>
        private bool _hasFailed;

        internal Listing(EventReader<T> reader, SubscriptionList readers, string? name)
            : base(name)
        {
            _readers = readers;
            _first = reader.Sequence;
            _reader = new WeakReference<EventReader<T>>(reader, trackResurrection: true);
        }

        internal void SetFirst(long sequence) => _first = sequence;

        public override long Sequence => Find()?.Sequence ?? Volatile.Read(ref _lastSequence);

        public override long Lag =>
            !IsDisposed && Find() is { } reader && Volatile.Read(ref reader._log) is { } log ? Math.Max(0, log.NextSequence - reader.Sequence) : 0;

        public override long Delivered => _delivered.Raise(Math.Max(0, Sequence - _first - Dropped));

        public override long Dropped => Find()?.Dropped ?? Volatile.Read(ref _lastDropped);

        public override long Faults => 0;

        public override bool IsDisposed => Find() is not { } reader || reader._cursor.HasFailed || reader.HasReadAll || reader.IsOfDisposedStream;

        internal override bool IsReader => true;

        internal override long KeptEvents =>
            Find() is { } reader && Volatile.Read(ref reader._log) is { } log ? Math.Max(0, reader._cursor.CountKept(log)) : 0;

        internal override Func<long> SequenceInDelivery => () => Sequence;

        public override void Dispose() => Find()?.Dispose();

        /// <remarks>The reader reads what it has still to read. If that is nothing, its owner may never ask it again.</remarks>
        internal override void OnStreamEnded() => Find()?.OnStreamEnded();

        internal override void OnLettingGo()
        {
            if (Find() is { } reader && Volatile.Read(ref reader._log) is { } log)
            {
                reader._cursor.BringForward(log);
            }
        }

        internal override bool HasFailed => Volatile.Read(ref _hasFailed);

        internal void SetFailed() => Volatile.Write(ref _hasFailed, true);

        internal void SetError(Exception? error) => Error = error;

        internal void Add() => _readers.Add(this);

        /// <summary>Leaves the list, with the figures of the reader, which has given back what it held. Returns what the end actions threw.</summary>
        internal ErrorList End(long sequence, long dropped)
        {
            Volatile.Write(ref _lastSequence, sequence);
            Volatile.Write(ref _lastDropped, dropped);
            Volatile.Write(ref _isEnded, true);
            _readers.Remove(this);
            return _endActions.Run();
        }

        internal override bool HasConsumed(long sequence) => IsDisposed || Sequence >= sequence;

        internal override Task WhenConsumedAsync(CancellationToken cancellationToken) =>
            Find() is { } reader && Volatile.Read(ref reader._log) is { NextSequence: var next } && Volatile.Read(ref reader._parking) is { } parking
                ? ProgressWait<T>.Until(parking, () => HasConsumed(next), cancellationToken)
                : Task.CompletedTask;

        internal override void OnEnded(Action action) => _endActions.Add(action);

        /// <remarks>A reader that has read everything gives nothing back before it is disposed, but has ended.</remarks>
        internal override Task WhenEndActionsRunAsync() => Task.WhenAny(base.WhenEndActionsRunAsync(), Find()?.Completion ?? Task.CompletedTask);

        /// <summary>The reader, or null once it has ended.</summary>
        private EventReader<T>? Find() => !Volatile.Read(ref _isEnded) && _reader.TryGetTarget(out EventReader<T>? reader) ? reader : null;
    }
}

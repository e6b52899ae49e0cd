using System.Diagnostics.CodeAnalysis;
using System.Reactive.Disposables;

namespace Rx.Operators;

/// <summary>One subscription to a source for all observers there are at a time.</summary>
/// <remarks>
/// A connection is a stream, its subscription to the source, and the number of observers. Under a lock observers are counted in
/// and out, and the connection is replaced once it has ended, unless it can replay a source that has completed; the source is subscribed to and unsubscribed from outside
/// of it, since that runs foreign code.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "An observable is not disposed; the connection ends with its last observer.")]
internal sealed class SharedObservable<T>(IObservable<T> source, EventStreamOptions options) : IObservable<T>
{
    private readonly Lock _gate = new();

    /// <summary>The connection that observers join, or null; read and written under the lock.</summary>
    private Connection? _current;

    public IDisposable Subscribe(IObserver<T> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        Connection connection;
        lock (_gate)
        {
            if (_current is null || (_current.Stream.HasEnded && !_current.IsCache))
            {
                _current = new Connection(options);
            }

            connection = _current;
            connection.Observers++;
        }

        IDisposable leaving = Disposable.Create((Owner: this, connection), static state => state.Owner.Leave(state.connection));
        EventSubscription subscription;
        try
        {
            subscription = (EventSubscription)connection.Stream.Subscribe(observer);
        }
        catch
        {
            leaving.Dispose();
            throw;
        }

        // However it ends: disposed, with the source, thrown on its scheduler, or lagged too far.
        subscription.OnEnded(leaving.Dispose);

        // After the observer has subscribed, so that it gets what the source produces at once.
        if (Interlocked.Exchange(ref connection.IsConnected, 1) == 0)
        {
            Connect(connection, subscription);
        }

        return subscription;
    }

    /// <summary>Subscribes to the source. If that throws, the connection has failed for all of its observers: the exception leaves the
    /// <c>Subscribe</c> of the one that connects, and the others get it as the end.</summary>
    private void Connect(Connection connection, EventSubscription connecting)
    {
        try
        {
            connection.Source.Disposable = source.SubscribeSafe(connection.Stream);
        }
        catch (Exception error)
        {
            try
            {
                connecting.Dispose();
            }
            finally
            {
                connection.Stream.OnError(error); // from now on the next observer makes a new connection
            }

            throw;
        }
    }

    private void Leave(Connection connection)
    {
        lock (_gate)
        {
            if (--connection.Observers > 0)
            {
                return;
            }

            if (ReferenceEquals(_current, connection) && !connection.IsCache)
            {
                _current = null;
            }
        }

        connection.Dispose();
    }

    private sealed class Connection(EventStreamOptions options) : IDisposable
    {
        internal readonly EventStream<T> Stream = new(options);

        /// <summary>The subscription to the source; may be disposed before it is there.</summary>
        internal readonly SingleAssignmentDisposable Source = new();

        /// <summary>1 once the source is being subscribed to. Exchanged by the first observer that is subscribed to the stream.</summary>
        internal int IsConnected;

        /// <summary>How many observers there are; read and written under the lock.</summary>
        internal int Observers;

        /// <summary>Whether the source has completed and late observers can replay what it has produced.</summary>
        internal bool IsCache => options.Retention.MaxCount > 0 && Stream.HasCompleted;

        /// <summary>Ends the subscription to the source. The stream stays open: an event that is being published at this moment ends
        /// quietly, without an observer to get it.</summary>
        public void Dispose() => Source.Dispose();
    }
}

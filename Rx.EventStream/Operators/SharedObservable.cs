using System.Diagnostics.CodeAnalysis;
using System.Reactive.Disposables;
using Rx.Storage;

namespace Rx.Operators;

/// <summary>One subscription to a source for all observers there are at a time.</summary>
/// <remarks>
/// A connection is a stream, its subscription to the source, and the observers that have a seat. Under a lock observers are counted in and
/// out, and the connection is replaced once it has ended, unless it can replay a source that has completed; the source is subscribed to and
/// unsubscribed from outside of it, and the time of the disconnection is scheduled outside of it, since these run foreign code.
/// <para>The source has one subscription at a time: a connection owns it from before the source's <c>Subscribe</c> is called until that has
/// returned and the subscription is disposed. The next connection waits for that.</para>
/// </remarks>
/// <param name="source">The source.</param>
/// <param name="options">The options of each connection's stream.</param>
/// <param name="minObservers">How many observers there must be at a time before the source is subscribed to.</param>
/// <param name="disconnectDelay">How long the source stays subscribed to without an observer, or null: it is unsubscribed from at once.</param>
[SuppressMessage("Design", "CA1001", Justification = "An observable is not disposed; the connection ends with its last observer.")]
internal sealed partial class SharedObservable<T>(IObservable<T> source, EventStreamOptions options, int minObservers, TimeSpan? disconnectDelay)
    : IObservable<T>
{
    private readonly UninterruptibleLock _gate = new();

    /// <summary>The connection that observers join, or null; read and written under the lock.</summary>
    private Connection? _current;

    /// <summary>The connection that owns the subscription to the source, or null; read and written under the lock.</summary>
    private Connection? _owner;

    /// <summary>The connection that must be made once no other one owns the subscription, or null; read and written under the lock.</summary>
    private Connection? _waiting;

    public IDisposable Subscribe(IObserver<T> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        Seat seat = Enter();
        EventSubscription subscription;
        try
        {
            subscription = (EventSubscription)seat.Connection.Stream.Subscribe(observer);
        }
        catch
        {
            Leave(seat);
            throw;
        }

        // However it ends: disposed, with the source, thrown on its scheduler, or lagged too far.
        subscription.OnEnded(() => Leave(seat));

        // After the observer has subscribed, so that it gets what the source produces at once.
        if (TryBeginConnecting(seat))
        {
            Connect(seat.Connection, subscription.Dispose);
        }

        return subscription;
    }

    /// <summary>Takes a seat, which keeps the connection from being disconnected.</summary>
    private Seat Enter()
    {
        Connection connection;
        Connection? ended = null;
        IDisposable? disconnection;
        using (_gate.Enter())
        {
            if (_current is { Stream.HasEnded: true, IsCache: false } last && TryBeginDisconnectingLocked(last))
            {
                ended = last; // its observers may not have the end yet
            }

            connection = _current ??= new Connection(options);
            connection.Seats++;
            disconnection = connection.Disconnection;
            connection.Disconnection = null;
        }

        var seat = new Seat(connection);
        try
        {
            disconnection?.Dispose();
            if (ended is not null)
            {
                Disconnect(ended);
            }
        }
        catch
        {
            Leave(seat); // the source, or the scheduler, threw: this observer does not join
            throw;
        }

        return seat;
    }

    /// <summary>Counts an observer that gets events now; true for the one that must subscribe to the source.</summary>
    private bool TryBeginConnecting(Seat seat)
    {
        using (_gate.Enter())
        {
            if (seat.HasLeft)
            {
                return false; // it has ended with what it has replayed
            }

            seat.IsReady = true;
            if (++seat.Connection.Ready < minObservers || seat.Connection.IsConnected)
            {
                return false;
            }

            seat.Connection.IsConnected = true;
            if (_owner is not null)
            {
                _waiting = seat.Connection; // the thread that gives the subscription up connects then
                return false;
            }

            BecomeOwnerLocked(seat.Connection);
            return true;
        }
    }

    /// <summary>Subscribes to the source. If that throws, the connection has failed for all of its observers: the exception leaves the
    /// <c>Subscribe</c> of the one that connects, and the others get it as the end.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="onFailed">Called first if subscribing throws.</param>
    private void Connect(Connection connection, Action onFailed)
    {
        try
        {
            if (!connection.Source.IsDisposed) // its observers may have left while it waited
            {
                connection.Source.Disposable = source.SubscribeSafe(connection.Stream);
            }
        }
        catch (Exception error)
        {
            try
            {
                onFailed();
            }
            finally
            {
                connection.Stream.OnError(error); // from now on the next observer makes a new connection
            }

            throw;
        }
        finally
        {
            ConnectNext(GiveUp(connection));
        }
    }

    private void Leave(Seat seat)
    {
        Connection connection = seat.Connection;
        SingleAssignmentDisposable? disconnection = null;
        using (_gate.Enter())
        {
            if (seat.HasLeft)
            {
                return;
            }

            seat.HasLeft = true;
            connection.Ready -= seat.IsReady ? 1 : 0;
            connection.Seats--;
            if (!connection.Stream.HasEnded)
            {
                if (connection.Seats > 0)
                {
                    return;
                }

                if (disconnectDelay is not null && connection.IsConnected)
                {
                    connection.Disconnection = disconnection = new SingleAssignmentDisposable();
                }
            }

            if (disconnection is null && !TryBeginDisconnectingLocked(connection))
            {
                return;
            }
        }

        if (disconnection is null)
        {
            Disconnect(connection);
        }
        else
        {
            DisconnectLater(connection, disconnection);
        }
    }

    private void DisconnectLater(Connection connection, SingleAssignmentDisposable disconnection)
    {
        try
        {
            disconnection.Disposable = DelayedAction.Schedule(options, disconnectDelay!.Value, () => Disconnect(connection, disconnection));
        }
        catch
        {
            Disconnect(connection, disconnection); // a scheduler that takes no action: the source must not stay subscribed to
            throw;
        }
    }

    /// <summary>Unsubscribes from the source, unless an observer has come since.</summary>
    private void Disconnect(Connection connection, IDisposable disconnection)
    {
        using (_gate.Enter())
        {
            if (!ReferenceEquals(connection.Disconnection, disconnection))
            {
                return;
            }

            connection.Disconnection = null;
            if (!TryBeginDisconnectingLocked(connection))
            {
                return;
            }
        }

        Disconnect(connection);
    }

    /// <summary>True for the one thread that must disconnect. The next observer begins a new connection, unless this one can replay a source that
    /// has completed.</summary>
    private bool TryBeginDisconnectingLocked(Connection connection)
    {
        if (ReferenceEquals(_current, connection) && !connection.IsCache)
        {
            _current = null;
        }

        if (ReferenceEquals(_waiting, connection))
        {
            _waiting = null;
        }

        bool isFirst = !connection.IsDisconnecting;
        connection.IsDisconnecting = true;
        return isFirst;
    }

    /// <summary>Unsubscribes from the source, and then makes the connection that waits for that.</summary>
    private void Disconnect(Connection connection)
    {
        try
        {
            connection.Dispose();
        }
        finally
        {
            ConnectNext(GiveUp(connection));
        }
    }

    private void BecomeOwnerLocked(Connection connection)
    {
        _owner = connection;
        connection.Claims = 2;
    }

    /// <summary>Gives one of the owner's claims up, and returns the connection that must be made now, or null.</summary>
    private Connection? GiveUp(Connection connection)
    {
        using (_gate.Enter())
        {
            if (!ReferenceEquals(_owner, connection) || --connection.Claims > 0)
            {
                return null;
            }

            _owner = null;
            if (_waiting is { } next)
            {
                _waiting = null;
                BecomeOwnerLocked(next);
            }

            return _owner;
        }
    }

    private void ConnectNext(Connection? connection)
    {
        if (connection is null)
        {
            return;
        }

        try
        {
            Connect(connection, onFailed: static () => { });
        }
        catch (Exception)
        {
            // Its observers have it as the end. This thread is one that unsubscribes, or has connected before.
        }
    }
}

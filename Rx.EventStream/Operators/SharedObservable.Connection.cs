using System.Reactive.Disposables;

namespace Rx.Operators;

/// <content>What the observers share, and each one's part in it.</content>
internal sealed partial class SharedObservable<T>
{
    /// <summary>One observer's part in a connection. Its fields are used under the lock.</summary>
    private sealed class Seat(Connection connection)
    {
        internal bool IsReady;

        internal bool HasLeft;

        internal Connection Connection => connection;
    }

    private sealed class Connection(EventStreamOptions options) : IDisposable
    {
        internal readonly EventStream<T> Stream = new(options);

        /// <summary>The subscription to the source; may be disposed before it is there.</summary>
        internal readonly SingleAssignmentDisposable Source = new();

        /// <summary>Whether the source is, or was, subscribed to, or the connection waits for that; read and written under the lock, as all that
        /// follow.</summary>
        internal bool IsConnected;

        /// <summary>Whether a thread disconnects, or has disconnected.</summary>
        internal bool IsDisconnecting;

        /// <summary>What the owner of the subscription has to do before it is no longer the owner: return from the source's <c>Subscribe</c>, and
        /// dispose the subscription.</summary>
        internal int Claims;

        /// <summary>How many observers there are.</summary>
        internal int Seats;

        /// <summary>How many of them are subscribed to the stream.</summary>
        internal int Ready;

        /// <summary>The disconnection that is scheduled, or null.</summary>
        internal IDisposable? Disconnection;

        /// <summary>Whether the source has completed and late observers can replay what it has produced.</summary>
        internal bool IsCache => options.Retention.MaxCount > 0 && Stream.HasCompleted;

        /// <summary>Ends the subscription to the source. The stream stays open: an event that is being published at this moment ends
        /// quietly, without an observer to get it.</summary>
        public void Dispose() => Source.Dispose();
    }
}

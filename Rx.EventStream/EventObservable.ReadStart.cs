using Rx.Delivery;

namespace Rx;

public sealed partial class EventObservable<T>
{
    /// <summary>Where the enumerations of one <see cref="ReadAllAsync"/> begin.</summary>
    /// <remarks>
    /// It holds the position until the first enumeration has begun, and from then on only looks whether the position is still there. An
    /// operator such as <c>Where</c> keeps the enumerable that it runs over, and the enumerable keeps this: if this held the position, it
    /// would keep every event that the enumeration has read.
    /// </remarks>
    private sealed class ReadStart
    {
        private readonly EventStream<T> _stream;
        private readonly JoinSettings _settings;
        private readonly long _sequence;

        /// <summary>Null if it begins at no position.</summary>
        private readonly WeakReference<EventPosition<T>>? _position;

        /// <summary>The position, or null once an enumeration has begun. Set to null with release, read with acquire, by the threads that
        /// begin an enumeration.</summary>
        private EventPosition<T>? _first;

        internal ReadStart(EventStream<T> stream, EventPosition<T>? position, JoinSettings settings)
        {
            _stream = stream;
            _settings = settings;
            _first = position;
            if (position is not null)
            {
                _sequence = position.Sequence;
                _position = new(position);
            }
        }

        /// <summary>Joins the stream.</summary>
        internal EventReader<T> OpenReader()
        {
            if (_position is null)
            {
                return _stream.OpenReader(null, _settings);
            }

            EventPosition<T>? position = Volatile.Read(ref _first);
            if (position is null && !_position.TryGetTarget(out position))
            {
                return OpenReaderWithoutPosition();
            }

            EventReader<T> reader = _stream.OpenReader(position, _settings);
            Volatile.Write(ref _first, null);
            return reader;
        }

        private EventReader<T> OpenReaderWithoutPosition()
        {
            if (!_stream.TryGetPosition(_sequence, out EventPosition<T>? position))
            {
                throw new InvalidOperationException(
                    $"This enumeration would start at sequence number {_sequence}, and those events are gone: an enumeration that has begun " +
                    "does not keep the position that it started from. Hold the position for as long as its events are enumerated.");
            }

            using (position)
            {
                return _stream.OpenReader(position, _settings);
            }
        }
    }
}

namespace Rx.AspNetCore;

/// <summary>The options of a dashboard.</summary>
/// <remarks><b>Concurrency.</b> Immutable; one instance may serve any number of dashboards.</remarks>
public sealed class EventStreamDashboardOptions
{
    private readonly IReadOnlyList<IEventStream> _streams = [];
    private readonly int _maxConnections = 16;

    /// <summary>Streams to show besides those of the container. Default: none.</summary>
    /// <remarks>The container's are all services of the type <see cref="IEventStream"/>. <c>AddEventStream</c> of Rx.EventStream.Hosting registers each
    /// stream as one, also those with a key; others are added with <c>AddSingleton&lt;IEventStream&gt;(stream)</c>.</remarks>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<IEventStream> Streams
    {
        get => _streams;
        init => _streams = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>How many pages may be open at the same time, at least 1. Further ones are refused with the status 503, and try again. Default:
    /// 16.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxConnections
    {
        get => _maxConnections;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _maxConnections = value;
        }
    }
}

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Rx.AspNetCore.ServerSentEvents;

namespace Rx.AspNetCore.Dashboard;

/// <summary>Publishes a frame ten times per second while a page is open, to a stream that each page follows.</summary>
internal sealed class DashboardFeed(EventStreamDashboardOptions options, IServiceProvider services)
{
    /// <summary>How far a page may be behind before it loses frames.</summary>
    private const int MaxLag = 10;

    /// <summary>Half a minute, for the charts of a new page, and for pages that reload or reconnect.</summary>
    private const int Retained = 300;

    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _time = services.GetService<TimeProvider>() ?? TimeProvider.System;
    private readonly Lock _lock = new();

    /// <summary>Null if no page was open lately. Under the lock.</summary>
    private DashboardSession? _session;

    /// <summary>How many pages are open. Under the lock.</summary>
    private int _connections;

    /// <summary>How many frames no page has followed. Under the lock.</summary>
    private int _unseen;

    internal async Task InvokeAsync(HttpContext context)
    {
        if (Connect(NewSession()) is not { } session)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "2";
            return;
        }

        try
        {
            await session.Endpoint.InvokeAsync(context).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _connections--;
            }
        }
    }

    /// <summary>Counts a page, or returns null if there are too many.</summary>
    /// <param name="next">The session to begin if there is none.</param>
    private DashboardSession? Connect(DashboardSession next)
    {
        lock (_lock)
        {
            if (_connections == options.MaxConnections)
            {
                return null;
            }

            _connections++;
            _unseen = 0;
            if (_session is null)
            {
                _session = next;
                _ = Task.Run(() => PublishAsync(next));
            }

            return _session;
        }
    }

    /// <summary>Not before a page is open, so that the dashboard does not change when the application makes its streams.</summary>
    private DashboardSession NewSession()
    {
        IEventStream[] streams = [.. options.Streams.Concat(services.GetServices<IEventStream>()).Distinct()];
        var frames = new EventStream<DashboardFrame>(new EventStreamOptions { Retention = Retention.Count(Retained) });
        var endpoint = new EventStreamEndpoint<DashboardFrame>(
            new StreamOrigin<DashboardFrame>(frames, EventStreamStart.Oldest, LagPolicy.DropOldest(MaxLag), "dashboard"),
            new EventStreamEndpointOptions<DashboardFrame>
            {
                Json = DashboardJson.Default.DashboardFrame,
                ReconnectionInterval = TimeSpan.FromSeconds(1),
            },
            services);
        return new DashboardSession(new FrameCamera(streams, _time), endpoint);
    }

    private async Task PublishAsync(DashboardSession session)
    {
        while (IsNeeded())
        {
            session.Publish();
            await Task.Delay(_interval, _time).ConfigureAwait(false);
        }
    }

    /// <summary>Whether a page is open, or was while the frames were published that are retained. If not, the session ends.</summary>
    private bool IsNeeded()
    {
        lock (_lock)
        {
            _unseen = _connections > 0 ? 0 : _unseen + 1;
            if (_unseen > Retained)
            {
                _session = null;
            }

            return _session is not null;
        }
    }
}

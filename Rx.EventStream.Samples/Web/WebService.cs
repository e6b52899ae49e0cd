using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rx.Hosting;

namespace Rx.Samples.Web;

/// <summary>A whole service, as docs/web.md explains it: sensors publish readings, and clients follow them.</summary>
internal static class WebService
{
    public static WebApplication Build(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
        builder.Services.AddSignalR();
        builder.Services.AddSingleton<Archive>().AddHostedService<Sensors>();

        builder.Services.AddEventStream<Reading>(settings => settings.Retention = Retention.Count(10_000));
        builder.Services.AddEventStream<Alarm>(settings => settings.Retention = Retention.Count(100));
        builder.Services.AddEventHandler<Reading, Archivist>(new() { MaxConcurrency = 8, PartitionKey = reading => reading.Sensor });
        builder.Services.AddEventHandler<Reading, Watchman>();
        builder.Services.AddEventHandler<Alarm, Siren>(new() { LagPolicy = LagPolicy.DropOldest(100) });
        builder.Services.AddSingleton(services => services.GetRequiredService<EventStream<Reading>>().WithName("newest").ToProjection(
            ImmutableDictionary<string, double>.Empty, (newest, reading) => newest.SetItem(reading.Sensor, reading.Value)));
        builder.Services.AddHealthChecks()
            .AddEventStream<Reading>(maxLag: 5_000, maxStandstill: TimeSpan.FromSeconds(30))
            .AddEventStream<Alarm>(maxLag: 5_000, maxStandstill: TimeSpan.FromSeconds(30));

        WebApplication app = builder.Build();
        var readings = app.Services.GetRequiredService<EventStream<Reading>>();
        var newest = app.Services.GetRequiredService<EventProjection<ImmutableDictionary<string, double>, Reading>>();
        app.MapPost("/readings", async (Reading reading, CancellationToken aborted) =>
            await readings.OnNextAsync(reading, aborted) is >= 0 and var sequence
                ? Results.Accepted(value: sequence)
                : Results.StatusCode(StatusCodes.Status503ServiceUnavailable));     // the stream has ended
        app.MapEventStream("/readings", readings, newest);
        app.MapGet("/archive/{sensor}", (string sensor, Archive archive) => archive.Sums.GetValueOrDefault(sensor));
        app.MapHub<AlarmHub>("/alarms");
        app.MapHealthChecks("/health");
        app.MapEventStreamDashboard("/streams");
        return app;
    }

    internal sealed record Reading(string Sensor, double Value);

    internal sealed record Alarm(string Sensor, string Text);

    /// <summary>Keeps each reading, those of a sensor in order.</summary>
    internal sealed class Archivist(Archive archive) : IEventHandler<Reading>
    {
        public ValueTask HandleAsync(Reading reading, CancellationToken cancellationToken) => archive.AddAsync(reading, cancellationToken);
    }

    /// <summary>Publishes an alarm for each reading that is too high.</summary>
    internal sealed class Watchman(EventStream<Alarm> alarms) : IEventHandler<Reading>
    {
        public async ValueTask HandleAsync(Reading reading, CancellationToken cancellationToken)
        {
            if (reading.Value > 100)
            {
                await alarms.OnNextAsync(new Alarm(reading.Sensor, $"{reading.Value:F1} is too high"), cancellationToken);
            }
        }
    }

    /// <summary>Sends each alarm to all clients of the hub.</summary>
    internal sealed class Siren(IHubContext<AlarmHub> hub) : IEventHandler<Alarm>
    {
        public async ValueTask HandleAsync(Alarm alarm, CancellationToken cancellationToken) =>
            await hub.Clients.All.SendAsync("alarm", alarm, cancellationToken);
    }

    /// <summary>A client that calls <see cref="Follow"/> gets the alarms as a stream.</summary>
    internal sealed class AlarmHub(EventStream<Alarm> alarms) : Hub
    {
        public IAsyncEnumerable<Alarm> Follow(CancellationToken cancel) =>
            alarms.WithName("follow").WithLagPolicy(LagPolicy.DropOldest(100)).ReadAllAsync(cancel);
    }

    /// <summary>Stands for a database.</summary>
    internal sealed class Archive
    {
        public ConcurrentDictionary<string, double> Sums { get; } = [];

        public async ValueTask AddAsync(Reading reading, CancellationToken cancellationToken)
        {
            await Task.Delay(1, cancellationToken);
            Sums.AddOrUpdate(reading.Sensor, reading.Value, (_, sum) => sum + reading.Value);
        }
    }

    /// <summary>Stands for sensors.</summary>
    internal sealed class Sensors(EventStream<Reading> readings) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            for (int i = 0; ; i++)
            {
                await readings.OnNextAsync(new Reading("boiler", 80 + (25 * Math.Sin(i / 50.0))), stoppingToken);
                await readings.OnNextAsync(new Reading("turbine", 60 + (10 * Math.Cos(i / 10.0))), stoppingToken);
                await Task.Delay(50, stoppingToken);
            }
        }
    }
}

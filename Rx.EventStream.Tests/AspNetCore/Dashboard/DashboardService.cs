using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Rx.AspNetCore;
using Rx.AspNetCore.Dashboard;

namespace Rx.Tests.AspNetCore.Dashboard;

/// <summary>An application with a dashboard at <c>/streams</c>.</summary>
internal static class DashboardService
{
    public static Task<SseServer> StartAsync(Action<WebApplicationBuilder> configure, EventStreamDashboardOptions? options = null) =>
        StartAsync(configure, app => app.MapEventStreamDashboard("/streams", options), Environments.Development);

    public static Task<SseServer> StartAsync(Action<WebApplicationBuilder> configure, Action<WebApplication> map, string environment) =>
        SseServer.StartAsync(map, builder =>
        {
            builder.Environment.EnvironmentName = environment;
            configure(builder);
        });

    public static EventStreamDashboardOptions With(params IEventStream[] streams) => new() { Streams = streams };

    /// <summary>The first frame that meets the condition.</summary>
    public static async Task<DashboardFrame> WaitForAsync(this SseClient page, Func<DashboardFrame, bool> condition)
    {
        while (await page.ReadAsync() is { } item)
        {
            if (Read(item) is { } frame && condition(frame))
            {
                return frame;
            }
        }

        throw new AssertionException("The response has ended.");
    }

    public static DashboardFrame Read(SseItem<string> item) => JsonSerializer.Deserialize(item.Data, DashboardJson.Default.DashboardFrame)!;
}

using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Rx.Samples.Dashboard;

/// <summary>The HTTP API for the page.</summary>
internal static class DashboardApi
{
    public static void Map(IEndpointRouteBuilder routes, ExperimentRunner runner, FrameFeed feed)
    {
        routes.MapGet("/events", (HttpRequest request) => TypedResults.ServerSentEvents(feed.FollowAsync(GetLastEventId(request))));

        RouteGroupBuilder api = routes.MapGroup("/api");
        api.MapPost("/load", (LoadRequest load) => DoAsync(runner, e => e.Set(load)));
        api.MapPost("/subscribers", async (SubscriberRequest request) =>
        {
            SubscriberPair subscriber = await runner.DoAsync(e => e.Add(request));
            return TypedResults.Created($"/api/subscribers/{subscriber.Id}", new CreatedReply(subscriber.Id, subscriber.Name));
        });
        api.MapPost("/subscribers/{id:int}/stall", (int id, StallRequest stall) => DoAsync(runner, e => e.Stall(id, stall.Stalled)));
        api.MapDelete("/subscribers/{id:int}", (int id) => DoAsync(runner, e => e.Remove(id)));
        api.MapPost("/bookmarks", async () =>
        {
            Bookmark bookmark = await runner.DoAsync(e => e.AddBookmark());
            return TypedResults.Created(
                $"/api/bookmarks/{bookmark.Name}", new BookmarkFrame(bookmark.Name, bookmark.Position.Sequence));
        });
        api.MapDelete("/bookmarks/{name}", (string name) => DoAsync(runner, e => e.RemoveBookmark(name)));
        api.MapPost("/complete", () => DoAsync(runner, e => e.Complete()));
        api.MapPost("/restart", async () =>
        {
            await runner.RestartAsync();
            return TypedResults.NoContent();
        });
    }

    /// <summary>Middleware that responds to an invalid request with a description of the problem.</summary>
    public static async Task ReportProblemsAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (RequestException error)
        {
            await Results.Problem(error.Message, statusCode: error.Status).ExecuteAsync(context);
        }
        catch (BadHttpRequestException error)
        {
            string message = error.InnerException is JsonException json
                ? $"The request's body is not valid, at {json.Path ?? "$"} in line {json.LineNumber + 1}."
                : "The request needs a JSON body.";
            await Results.Problem(message, statusCode: error.StatusCode).ExecuteAsync(context);
        }
    }

    /// <summary>Middleware that rejects requests from the pages of other sites. They must not control the dashboard, even if they cannot read the
    /// response.</summary>
    public static Task RejectOtherOriginsAsync(HttpContext context, RequestDelegate next)
    {
        string? origin = context.Request.Headers.Origin;
        return HttpMethods.IsGet(context.Request.Method) || origin is null || origin == $"{context.Request.Scheme}://{context.Request.Host}"
            ? next(context)
            : Results.Problem($"A page of {origin} cannot control the dashboard.", statusCode: StatusCodes.Status403Forbidden)
                .ExecuteAsync(context);
    }

    private static async Task<IResult> DoAsync(ExperimentRunner runner, Action<Experiment> action)
    {
        await runner.DoAsync(experiment =>
        {
            action(experiment);
            return true;
        });
        return TypedResults.NoContent();
    }

    /// <summary>The id of the last event that the page has received. A browser that reconnects sends it in a header; a page that was reloaded can
    /// only send it in the query string.</summary>
    private static long? GetLastEventId(HttpRequest request)
    {
        string? text = request.Headers["Last-Event-ID"].FirstOrDefault() ?? request.Query["lastEventId"].FirstOrDefault();
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long sequence) && sequence < long.MaxValue
            ? sequence
            : throw new RequestException($"The last event id must be the id of an event, a whole number from 0, not '{text}'.");
    }
}

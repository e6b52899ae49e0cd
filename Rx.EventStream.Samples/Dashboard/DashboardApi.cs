using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Rx.Samples.Dashboard;

/// <summary>What the page can ask for.</summary>
internal static class DashboardApi
{
    public static void Map(IEndpointRouteBuilder routes, Bench bench, FrameFeed feed)
    {
        routes.MapGet("/events", (HttpRequest request) => TypedResults.ServerSentEvents(feed.FollowAsync(LastSeen(request))));

        RouteGroupBuilder api = routes.MapGroup("/api");
        api.MapPost("/load", (LoadRequest load) => DoAsync(bench, e => e.Set(load)));
        api.MapPost("/subscribers", async (SubscriberRequest request) =>
        {
            Member member = await bench.DoAsync(e => e.Add(request));
            return TypedResults.Created($"/api/subscribers/{member.Id}", new CreatedReply(member.Id, member.Name));
        });
        api.MapPost("/subscribers/{id:int}/stall", (int id, StallRequest stall) => DoAsync(bench, e => e.Stall(id, stall.Stalled)));
        api.MapDelete("/subscribers/{id:int}", (int id) => DoAsync(bench, e => e.Remove(id)));
        api.MapPost("/bookmarks", async () =>
        {
            Bookmark bookmark = await bench.DoAsync(e => e.AddBookmark());
            return TypedResults.Created(
                $"/api/bookmarks/{bookmark.Name}", new BookmarkFrame(bookmark.Name, bookmark.Position.Sequence));
        });
        api.MapDelete("/bookmarks/{name}", (string name) => DoAsync(bench, e => e.RemoveBookmark(name)));
        api.MapPost("/complete", () => DoAsync(bench, e => e.Complete()));
        api.MapPost("/restart", async () =>
        {
            await bench.StartAgainAsync();
            return TypedResults.NoContent();
        });
    }

    /// <summary>Answers requests that make no sense with what is wrong with them.</summary>
    public static async Task ExplainAsync(HttpContext context, RequestDelegate next)
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
                ? $"The request's body does not fit, at {json.Path ?? "$"} in line {json.LineNumber + 1}."
                : "The request needs a body, of JSON.";
            await Results.Problem(message, statusCode: error.StatusCode).ExecuteAsync(context);
        }
    }

    /// <summary>Another site's page must not control what runs here, even if it cannot see the answer.</summary>
    public static Task RefuseOtherSitesAsync(HttpContext context, RequestDelegate next)
    {
        string? origin = context.Request.Headers.Origin;
        return HttpMethods.IsGet(context.Request.Method) || origin is null || origin == $"{context.Request.Scheme}://{context.Request.Host}"
            ? next(context)
            : Results.Problem($"A page of {origin} cannot control this one.", statusCode: StatusCodes.Status403Forbidden)
                .ExecuteAsync(context);
    }

    private static async Task<IResult> DoAsync(Bench bench, Action<Experiment> action)
    {
        await bench.DoAsync(experiment =>
        {
            action(experiment);
            return true;
        });
        return TypedResults.NoContent();
    }

    /// <summary>A browser that reconnects says what it has seen in a header; a page that is reloaded can only say it in the address.</summary>
    private static long? LastSeen(HttpRequest request)
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

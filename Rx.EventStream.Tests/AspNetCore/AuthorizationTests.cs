using System.Net;
using Microsoft.AspNetCore.Builder;
using Rx.AspNetCore;

namespace Rx.Tests.AspNetCore;

/// <summary>The conventions of endpoints.</summary>
[TestFixture]
internal sealed class AuthorizationTests
{
    [Test]
    public async Task RequireAuthorization_ClientWithout_IsRefused()
    {
        using var stream = new EventStream<int>();
        await using SseServer server = await SseServer.StartAsync(
            app =>
            {
                Microsoft.AspNetCore.Routing.RouteGroupBuilder group = app.MapGroup("/api");
                group.MapEventStream(
                    "/numbers", stream, new EventStreamEndpointOptions<int> { Filter = r => r.HttpContext.User.Identity!.Name == "admin" ? null : n => n > 0 })
                    .RequireAuthorization();
            },
            builder => QueryAuthentication.Add(builder.Services));

        using HttpResponseMessage refused = await SseClient.SendAsync(server.Http, "/api/numbers");
        await using SseClient user = await server.ConnectAsync("/api/numbers?user=me");
        await using SseClient admin = await server.ConnectAsync("/api/numbers?user=admin");
        stream.OnNextRange([0, 1]);

        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await user.ReadAsync(1), Is.EqualTo(new[] { "message 1" }));
        Assert.That(await admin.ReadAsync(2), Is.EqualTo(new[] { "message 0", "message 1" }));
    }

    [Test]
    public async Task Method_OtherThanGet_IsNotAllowed()
    {
        using var stream = new EventStream<int>();
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream("/", stream));

        using HttpResponseMessage response = await server.Http.PostAsync("/", null);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
    }
}

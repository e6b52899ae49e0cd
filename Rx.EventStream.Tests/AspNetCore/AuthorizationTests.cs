using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
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
            builder =>
            {
                builder.Services.AddAuthentication("query").AddScheme<AuthenticationSchemeOptions, QueryAuthentication>("query", null);
                builder.Services.AddAuthorization();
            });

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

    /// <summary>Believes the name in the query.</summary>
    private sealed class QueryAuthentication(
        IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            string? user = Request.Query["user"];
            return Task.FromResult(user is null
                ? AuthenticateResult.NoResult()
                : AuthenticateResult.Success(new AuthenticationTicket(
                    new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, user)], "query")), "query")));
        }
    }
}

using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Rx.AspNetCore;

namespace Rx.Tests.AspNetCore;

/// <summary>Clients that choose what they get.</summary>
[TestFixture]
internal sealed class FilterTests
{
    private static readonly EventStreamEndpointOptions<int> _options = new()
    {
        Epoch = "e",
        Filter = request => request.Query["divisor"] is [{ } text]
            ? int.TryParse(text, CultureInfo.InvariantCulture, out int divisor) && divisor > 0
                ? n => n % divisor == 0
                : throw new BadHttpRequestException("The divisor must be a number.")
            : null,
    };

    [Test]
    public async Task Filter_FromTheQuery_IsEachClientsOwn()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.All });
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream("/", stream, _options));
        await using SseClient all = await server.ConnectAsync("/");
        await using SseClient threes = await server.ConnectAsync("/?divisor=3");
        stream.OnNextRange([1, 2, 3, 4, 5, 6, 7]);
        stream.OnCompleted();

        Assert.That(await all.ReadAsync(7), Is.EqualTo(Enumerable.Range(1, 7).Select(n => $"message {n}")));
        Assert.That(await threes.ReadAsync(1), Is.EqualTo(new[] { "message 3" }));
        string id = threes.LastId;
        Assert.That(await threes.ReadToEndAsync(), Is.EqualTo(new[] { "message 6", "completed {}" }));

        await using SseClient resumed = await server.ConnectAsync("/?divisor=3", id);
        Assert.That(await resumed.ReadToEndAsync(), Is.EqualTo(new[] { "message 6", "completed {}" }));
    }

    [Test]
    public async Task Filter_RefusesTheRequest_AnswersWithItsStatus()
    {
        using var stream = new EventStream<int>();
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream("/", stream, _options));

        using HttpResponseMessage response = await SseClient.SendAsync(server.Http, "/?divisor=x");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(stream.Subscriptions, Is.Empty);
    }

    [Test]
    public async Task SnapshotFilter_FromTheQuery_KeepsTheRestBack()
    {
        using var stream = new EventStream<int>();
        using EventProjection<int[], int> all = stream.ToProjection(Array.Empty<int>(), (state, n) => [.. state, n]);
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream(
            "/",
            stream,
            all,
            _options,
            new EventStreamSnapshotOptions<int[]>
            {
                Filter = (request, state) => _options.Filter!(request) is { } filter ? [.. state.Where(filter)] : state,
            }));
        stream.OnNextRange([1, 2, 3, 4, 5, 6, 7]);
        await using SseClient client = await server.ConnectAsync("/?divisor=3");
        stream.OnNextRange([8, 9]);

        Assert.That(await client.ReadAsync(2), Is.EqualTo(new[] { "snapshot [3,6]", "message 9" }));
    }
}

using System.Globalization;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rx.Tests.Samples.Dashboard;

/// <summary>Runs the sample <c>dashboard</c> on a free port, and sends the requests that its page would send.</summary>
internal sealed partial class DashboardProcess : IDisposable
{
    private static readonly JsonSerializerOptions _web = new(JsonSerializerDefaults.Web);

    private readonly HttpClient _client;
    private long? _lastId;

    private DashboardProcess(SampleProcess sample, Uri address)
    {
        Sample = sample;
        Address = address;
        _client = new HttpClient { BaseAddress = address };
    }

    public SampleProcess Sample { get; }

    public Uri Address { get; }

    public static async Task<DashboardProcess> StartAsync(CancellationToken ct, params string[] options)
    {
        SampleProcess sample = SampleProcess.Start(["dashboard", "--port", "0", .. options]);
        try
        {
            string line = await sample.WaitForAsync("http://", ct);
            return new DashboardProcess(sample, new Uri(Link().Match(line).Value));
        }
        catch
        {
            sample.Dispose();
            throw;
        }
    }

    public Task<HttpResponseMessage> GetAsync(string path, CancellationToken ct) => _client.GetAsync(new Uri(path, UriKind.Relative), ct);

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct) =>
        _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);

    /// <summary>Sends a POST request that must succeed.</summary>
    public async Task<JsonElement> DoAsync(string path, object? body, CancellationToken ct)
    {
        using HttpResponseMessage response = await _client.PostAsync(new Uri($"api/{path}", UriKind.Relative), JsonContent.Create(body), ct);
        string answer = await response.Content.ReadAsStringAsync(ct);
        Assert.That(response.IsSuccessStatusCode, Is.True, $"{path}: {(int)response.StatusCode} {answer}");
        return answer.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(answer);
    }

    /// <summary>Sends a DELETE request that must succeed.</summary>
    public async Task DeleteAsync(string path, CancellationToken ct)
    {
        using HttpResponseMessage response = await _client.DeleteAsync(new Uri($"api/{path}", UriKind.Relative), ct);
        Assert.That(response.IsSuccessStatusCode, Is.True, $"{path}: {(int)response.StatusCode}");
    }

    /// <summary>Follows the events for the page, from the one after the given id on, if an id is given.</summary>
    public async IAsyncEnumerable<DashboardEvent> FollowAsync(
        string? lastEventId, [EnumeratorCancellation] CancellationToken ct, string path = "events")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        using HttpResponseMessage response = await SendAsync(request, ct);
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("text/event-stream"));
        await using Stream body = await response.Content.ReadAsStreamAsync(ct);
        await foreach (SseItem<string> item in SseParser.Create(body).EnumerateAsync(ct))
        {
            yield return new DashboardEvent(long.Parse(item.EventId!, CultureInfo.InvariantCulture), JsonSerializer.Deserialize<Frame>(item.Data, _web)!);
        }
    }

    /// <summary>Follows the events until a frame meets the condition. It starts after the last event of the previous call.</summary>
    public async Task<Frame> WaitForAsync(string what, Func<Frame, bool> condition, CancellationToken ct)
    {
        DashboardEvent? newest = null;
        try
        {
            await foreach (DashboardEvent e in FollowAsync(_lastId?.ToString(CultureInfo.InvariantCulture), ct))
            {
                newest = e;
                _lastId = e.Id;
                if (condition(e.Frame))
                {
                    return e.Frame;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Reported below.
        }

        throw new AssertionException($"No frame shows {what}. The newest frame: {newest?.Frame}");
    }

    public void Dispose()
    {
        _client.Dispose();
        Sample.Dispose();
    }

    [GeneratedRegex(@"http://\S+")]
    private static partial Regex Link();
}

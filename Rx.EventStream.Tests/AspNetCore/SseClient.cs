using System.Net;
using System.Net.ServerSentEvents;
using Rx.Tests.Contract;

namespace Rx.Tests.AspNetCore;

/// <summary>A client that reads server-sent events.</summary>
internal sealed class SseClient : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly SseParser<string> _parser;
    private readonly IAsyncEnumerator<SseItem<string>> _events;

    private SseClient(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _parser = SseParser.Create(body);
        _events = _parser.EnumerateAsync().GetAsyncEnumerator();
    }

    public HttpStatusCode Status => _response.StatusCode;

    public HttpResponseMessage Response => _response;

    /// <summary>What a browser would send to resume.</summary>
    public string LastId => _parser.LastEventId;

    public TimeSpan ReconnectionInterval => _parser.ReconnectionInterval;

    /// <summary>Connects, and returns when the headers are there.</summary>
    public static async Task<SseClient> ConnectAsync(HttpClient http, string path, string? lastId = null)
    {
        HttpResponseMessage response = await SendAsync(http, path, lastId);
        return new SseClient(response, await response.Content.ReadAsStreamAsync());
    }

    public static async Task<HttpResponseMessage> SendAsync(HttpClient http, string path, string? lastId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
        }

        return await Eventually.Ends(http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
    }

    /// <summary>The next event, or null if the response has ended.</summary>
    public async Task<SseItem<string>?> ReadAsync() => await Eventually.Ends(_events.MoveNextAsync()) ? _events.Current : null;

    /// <summary>The next events, each as its name and its data.</summary>
    public async Task<string[]> ReadAsync(int count)
    {
        var events = new List<string>();
        while (events.Count < count && await ReadAsync() is { } item)
        {
            events.Add($"{item.EventType} {item.Data}");
        }

        return [.. events];
    }

    /// <summary>All events up to the end of the response.</summary>
    public Task<string[]> ReadToEndAsync() => ReadAsync(int.MaxValue);

    /// <summary>Disconnects.</summary>
    public async ValueTask DisposeAsync()
    {
        _response.Dispose();
        try
        {
            await _events.DisposeAsync();
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
        }
    }
}

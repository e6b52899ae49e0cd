using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Rx.Tests.Contract;

namespace Rx.Tests.Documentation;

/// <summary>A client of the service of docs/web-service.md, as a browser's <c>EventSource</c>: reads events, and keeps the last id.</summary>
internal sealed class StockClient : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly IAsyncEnumerator<SseItem<string>> _events;
    private readonly Dictionary<string, int> _stock = [];

    private StockClient(HttpResponseMessage response, Stream body, string? lastId)
    {
        _response = response;
        _events = SseParser.Create(body).EnumerateAsync().GetAsyncEnumerator();
        LastId = lastId;
    }

    public string? LastId { get; private set; }

    /// <summary>The sequence number of the next event that the client needs, from its last id.</summary>
    public long Next => LastId?.Split('-') is [string number, _] ? 1 + long.Parse(number, CultureInfo.InvariantCulture) : 0;

    /// <summary>How often it got the whole stock.</summary>
    public int Snapshots { get; private set; }

    /// <summary>How often it was told that it starts anew.</summary>
    public int Resets { get; private set; }

    public List<string> Changes { get; } = [];

    /// <summary>Whether the response ended before its end.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Connects, and returns when the service has begun to answer.</summary>
    public static async Task<StockClient> ConnectAsync(HttpClient http, string? lastId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/stock");
        if (lastId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastId);
        }

        HttpResponseMessage response = await Eventually.Ends(http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
        return new StockClient(response, await response.Content.ReadAsStreamAsync(), lastId);
    }

    public int Quantity(string item) => _stock[item];

    /// <summary>Reads until the client has everything before a sequence number.</summary>
    public async Task ReadToAsync(long next)
    {
        while (Next < next || Snapshots + Changes.Count == 0)
        {
            Assert.That(await ReadAsync(), Is.True, "The response goes on.");
        }
    }

    /// <summary>Reads until the service ends the response.</summary>
    public async Task ReadToEndAsync()
    {
        while (await ReadAsync())
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        _response.Dispose();
        await _events.DisposeAsync();
    }

    private async Task<bool> ReadAsync()
    {
        try
        {
            if (!await Eventually.Ends(_events.MoveNextAsync()))
            {
                return false;
            }
        }
        catch (IOException)
        {
            HasFailed = true;
            return false;
        }

        SseItem<string> item = _events.Current;
        if (item.EventType == "reset")
        {
            Resets++;
            LastId = null;
            return true;
        }

        Assert.That(item.EventId, Is.Not.EqualTo(LastId), "No event comes twice.");
        JsonElement data = JsonDocument.Parse(item.Data).RootElement;
        if (item.EventType == "snapshot")
        {
            Snapshots++;
            _stock.Clear();
            foreach (JsonProperty property in data.EnumerateObject())
            {
                _stock[property.Name] = property.Value.GetInt32();
            }
        }
        else
        {
            string name = data.GetProperty("item").GetString()!;
            Changes.Add(item.Data);
            _stock[name] = _stock.GetValueOrDefault(name) + data.GetProperty("quantity").GetInt32();
            Assert.That(item.EventId, Does.StartWith($"{Next}-"), "No event is missing.");
        }

        LastId = item.EventId;
        return true;
    }
}

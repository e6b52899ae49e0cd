using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Rx.Samples.Chatterbox;

namespace Rx.Samples.Cluster;

/// <summary>A client that knows several servers. If it loses one, it goes on with the next.</summary>
internal sealed class ClusterClient(IReadOnlyList<RoomAddress> servers, Action<string> report) : IDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan _sayTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Follows the log from its start, without a gap or a repetition.</summary>
    public async IAsyncEnumerable<Sequenced<string>> FollowAsync([EnumeratorCancellation] CancellationToken ct)
    {
        long last = 0;
        for (int i = 0; ; i++)
        {
            RoomAddress server = servers[i % servers.Count];
            await foreach (SseItem<string> line in ReadAsync(server, last, ct))
            {
                last = long.Parse(line.EventId!, CultureInfo.InvariantCulture);
                yield return new Sequenced<string>(last, line.Data);
            }

            report($"The client lost {server} after line {last}, and goes on at {servers[(i + 1) % servers.Count]}.");
            await Task.Delay(_pause, ct);
        }
    }

    /// <summary>Appends a line to the log. Tries the servers in turn until one of them confirms it.</summary>
    public async Task SayAsync(string text, CancellationToken ct)
    {
        var id = Guid.NewGuid();
        for (int i = 0; ; i++)
        {
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
                limit.CancelAfter(_sayTimeout);
                Uri uri = new(servers[i % servers.Count].Uri, $"lines?id={id}&text={Uri.EscapeDataString(text)}");
                using HttpResponseMessage response = await _http.PostAsync(uri, null, limit.Token);
                response.EnsureSuccessStatusCode();
                return;
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
            {
                await Task.Delay(_pause, ct);
            }
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The lines after a sequence number, until the connection is lost.</summary>
    private async IAsyncEnumerable<SseItem<string>> ReadAsync(RoomAddress server, long last, [EnumeratorCancellation] CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Uri, "lines"));
        request.Headers.Add("Last-Event-ID", $"{last}");
        using HttpResponseMessage? response = await UnlessLostAsync(() => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct));
        if (response is not { IsSuccessStatusCode: true })
        {
            yield break;
        }

        await using Stream body = await response.Content.ReadAsStreamAsync(ct);
        await using IAsyncEnumerator<SseItem<string>> lines = SseParser.Create(body).EnumerateAsync(ct).GetAsyncEnumerator(ct);
        while (await UnlessLostAsync(() => lines.MoveNextAsync().AsTask()))
        {
            yield return lines.Current;
        }
    }

    private static async Task<T?> UnlessLostAsync<T>(Func<Task<T>> operation)
    {
        try
        {
            return await operation();
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return default;
        }
    }
}

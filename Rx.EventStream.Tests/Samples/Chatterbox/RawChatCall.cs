using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;

namespace Rx.Tests.Samples.Chatterbox;

/// <summary>A Chat call that sends raw bytes, so it can break the connection within a message, which a gRPC client cannot do.</summary>
internal sealed class RawChatCall : IDisposable
{
    private readonly HttpClient _client = new();
    private readonly Pipe _bytes = new();
    private readonly CancellationTokenSource _broken = new();

    public RawChatCall(string address)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://{address}/chatterbox.ChatterBox/Chat")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StreamContent(_bytes.Reader.AsStream()),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        _ = _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _broken.Token);
    }

    public async Task SendAsync(byte[] bytes, CancellationToken ct) => await _bytes.Writer.WriteAsync(bytes, ct);

    /// <summary>Breaks the connection.</summary>
    public void Dispose()
    {
        _broken.Cancel();
        _client.Dispose();
        _broken.Dispose();
    }
}

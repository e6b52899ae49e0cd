using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using NATS.Client.Core;

namespace Rx.Nats.Serialization;

/// <summary>Events as JSON, by what System.Text.Json's source generator has made: no reflection.</summary>
/// <remarks>NATS.Net's own asks a context by type at every event, and reads through a stream; this has the type's info at hand.</remarks>
internal sealed class JsonEventSerializer<T> : INatsSerializer<T>
{
    private readonly JsonTypeInfo<T> _json;

    internal JsonEventSerializer(JsonTypeInfo<T> json)
    {
        _json = json;
    }

    public void Serialize(IBufferWriter<byte> bufferWriter, T value)
    {
        using var writer = new Utf8JsonWriter(bufferWriter);
        JsonSerializer.Serialize(writer, value, _json);
    }

    public T? Deserialize(in ReadOnlySequence<byte> buffer)
    {
        var reader = new Utf8JsonReader(buffer);
        return JsonSerializer.Deserialize(ref reader, _json);
    }

    public INatsSerializer<T> CombineWith(INatsSerializer<T> next) => this;
}

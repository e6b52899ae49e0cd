using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using NATS.Client.Core;

namespace Rx.Nats.Serialization;

/// <summary>Stores events as JSON, with the metadata of System.Text.Json's source generator and without reflection.</summary>
/// <remarks>NATS.Net's own serializer looks up the type in a context for every event, and reads through a stream. This one keeps the type's metadata.</remarks>
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

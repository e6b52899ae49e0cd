using System.Buffers;
using System.Collections.Concurrent;
using NATS.Client.Core;
using System.Text.Json;

namespace Rx.Tests.Nats.Handling;

/// <summary>Notes each event that is read.</summary>
internal sealed class CountingSerializer(ConcurrentQueue<int> read) : INatsSerializer<Reading>
{
    public void Serialize(IBufferWriter<byte> bufferWriter, Reading value) =>
        bufferWriter.Write(JsonSerializer.SerializeToUtf8Bytes(value, ReadingJson.Default.Reading));

    public Reading? Deserialize(in ReadOnlySequence<byte> buffer)
    {
        Reading reading = JsonSerializer.Deserialize(buffer.ToArray(), ReadingJson.Default.Reading)!;
        read.Enqueue(reading.Number);
        return reading;
    }

    public INatsSerializer<Reading> CombineWith(INatsSerializer<Reading> next) => this;
}

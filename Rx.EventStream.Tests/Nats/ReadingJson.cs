using System.Text.Json.Serialization;

namespace Rx.Tests.Nats;

[JsonSerializable(typeof(Reading))]
internal sealed partial class ReadingJson : JsonSerializerContext;

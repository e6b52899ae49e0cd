using System.Text.Json.Serialization;

namespace Rx.Samples.Chatterbox;

// JSON that lacks a property is not a valid event.
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SharedEvent))]
internal sealed partial class SharedEventJson : JsonSerializerContext;

using System.Text.Json.Serialization;

namespace Rx.Samples.Chatterbox;

// What lacks something is no event of ours.
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SharedEvent))]
internal sealed partial class SharedEventJson : JsonSerializerContext;

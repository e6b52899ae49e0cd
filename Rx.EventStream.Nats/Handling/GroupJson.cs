using System.Text.Json.Serialization;

namespace Rx.Nats.Handling;

/// <summary>How the document of a group is stored.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(GroupState))]
internal sealed partial class GroupJson : JsonSerializerContext;

using System.Text.Json.Serialization;

namespace Rx.AspNetCore.Dashboard;

/// <summary>How frames are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DashboardFrame))]
internal sealed partial class DashboardJson : JsonSerializerContext;

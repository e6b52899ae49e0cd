using System.Text.Json.Serialization;

namespace Rx.Benchmarks.Work;

[JsonSerializable(typeof(Tick))]
internal sealed partial class TickJson : JsonSerializerContext;

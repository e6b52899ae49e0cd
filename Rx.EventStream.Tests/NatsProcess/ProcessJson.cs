using System.Text.Json.Serialization;
using Rx.Nats;

namespace Rx.Tests.NatsProcess;

[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(NatsSnapshot<long>))]
internal sealed partial class ProcessJson : JsonSerializerContext;

// A service under load, for the tests that stop one with SIGTERM:
//   drain     two publishers, and handlers of two streams that keep up
//   stuck     the same, but the second handler does not return from event 1000, and heeds no cancellation
//   nats URL STREAM SEQUENCE LAST     a handler of a stream on NATS, whose call for the event SEQUENCE ends only after SIGTERM; it stops after the event LAST
// It prints "running" when events flow, and at the end how many were published, forwarded to the second stream, and handled there.
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rx;
using Rx.Tests.HostProcess;

if (args[0] == "nats")
{
    NatsService.Run(args[1], args[2], long.Parse(args[3], CultureInfo.InvariantCulture), long.Parse(args[4], CultureInfo.InvariantCulture));
    return;
}

var counts = new Counts { IsStuck = args[0] == "stuck" };
var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(counts.IsStuck ? 5 : 60));
builder.Services.AddSingleton(counts);
builder.Services.AddSingleton<IHostedService>(services => new Publisher(services.GetRequiredService<EventStream<long>>(), counts));
builder.Services.AddKeyedEventStream<long>("forwarded");
builder.Services.AddEventStream<long>();
builder.Services.AddEventHandler<long, Forwarder>(new() { LagPolicy = LagPolicy.Wait(1_000) });
builder.Services.AddKeyedEventHandler<long, Counter>("forwarded");
builder.Services.AddSingleton<IHostedService>(services => new Publisher(services.GetRequiredService<EventStream<long>>(), counts));
builder.Build().Run();

Console.WriteLine($"published {counts.Published}");
Console.WriteLine($"forwarded {counts.Forwarded}");
Console.WriteLine($"handled {counts.Handled}");

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NATS.Client.Core;
using NATS.Extensions.Microsoft.DependencyInjection;
using Rx.Hosting;
using Rx.Nats;

namespace Rx.Tests.HostProcess;

/// <summary>A service that handles the events of a stream on NATS, and prints the sequence number of each.</summary>
internal static class NatsService
{
    public static void Run(string url, string stream, long held, long last)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(60));
        builder.Services.AddNatsClient(nats => nats.ConfigureOptions(options => options.Configure(o => o.Opts = o.Opts with { Url = url })));
        builder.Services.AddNatsEventStream(
            new NatsEventStreamOptions<int>(NatsUtf8PrimitivesSerializer<int>.Default) { Stream = stream, Subject = _ => $"{stream}.number" });

        // Saved at the end only: a restart shows whether it was.
        builder.Services.AddNatsEventHandler<int, Handler>(services => new NatsHandlerOptions<int>
        {
            Name = "printer",
            Checkpoints = new NatsCheckpointStore(services.GetRequiredService<INatsConnection>()),
            SaveInterval = TimeSpan.FromHours(1),
        });
        builder.Services.AddSingleton(new Plan(held, last));
        builder.Build().Run();
        Console.WriteLine("ended");
    }

    internal sealed record Plan(long Held, long Last);

    internal sealed class Handler(Plan plan, IHostApplicationLifetime application) : IEventHandler<NatsEvent<int>>
    {
        public async ValueTask HandleAsync(NatsEvent<int> value, CancellationToken cancellationToken)
        {
            if (value.Sequence == plan.Held)
            {
                Console.WriteLine("running");
                var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                using (application.ApplicationStopping.Register(stopping.SetResult))
                {
                    await stopping.Task;
                }

                await Task.Delay(200, cancellationToken); // work that the stop finds unfinished
            }

            Console.WriteLine($"handled {value.Sequence}");
            if (value.Sequence == plan.Last)
            {
                application.StopApplication();
            }
        }
    }
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NATS.Client.Core;
using Rx.Nats;
using Rx.Nats.Handling;
using Rx.Nats.Hosting.Running;
using Rx.Tests.Contract;
using Rx.Tests.Hosting;

namespace Rx.Tests.Nats.Hosting;

/// <summary>How a stream is registered, opened and disposed, and what a host says that cannot start.</summary>
internal sealed class HostedStreamTests : NatsHostFixture
{
    [Test]
    public async Task Resolve_InConstructorOfService_IsTheOpenStream()
    {
        NatsEventStream<Reading>? given = null;
        using TestHost host = Build(services => services.AddSingleton<IHostedService>(provider =>
        {
            given = provider.GetRequiredService<NatsEventStream<Reading>>();
            return new Service();
        }));

        await host.StartAsync();
        Received received = Observe(host.Get<IObservable<Sequenced<Reading>>>());
        await given!.PublishAsync(new Reading("a", 1));
        received.WaitFor(1);

        Assert.That(host.Get<NatsEventStream<Reading>>(), Is.SameAs(given));
        Assert.That(host.Get<IObservable<Sequenced<Reading>>>(), Is.SameAs(given.Events));
        Assert.That(received.Numbers, Is.EqualTo(new[] { 1 }));
    }

    /// <summary>The thread of a user interface, which runs nothing while a constructor blocks it.</summary>
    [Test]
    public async Task Resolve_OnAThreadWithAContext_DoesNotWaitForItself()
    {
        using TestHost host = Build(_ => { });

        Task<NatsEventStream<Reading>> resolving = Task.Run(() =>
        {
            SynchronizationContext.SetSynchronizationContext(new BlockedContext());
            return host.Get<NatsEventStream<Reading>>();
        });

        await Eventually.Ends(resolving);
    }

    [Test]
    public async Task Resolve_AfterAFailure_TriesAgain()
    {
        using TestHost host = Build(_ => { });
        Server.Kill();
        Assert.That(() => host.Get<NatsEventStream<Reading>>(), Throws.TypeOf<NatsEventStreamException>());
        await Server.StartAgainAsync();

        Assert.That(await host.Get<NatsEventStream<Reading>>().PublishAsync(new Reading("a", 1)), Is.EqualTo(1));
    }

    [Test]
    public async Task Options_Factory_GetsTheContainer()
    {
        using TestHost host = TestHost.Build(services => AddConnection(services)
            .AddSingleton(Options()).AddNatsEventStream(provider => provider.GetRequiredService<NatsEventStreamOptions<Reading>>()));
        await host.StartAsync();

        Assert.That(await host.Get<NatsEventStream<Reading>>().PublishAsync(new Reading("a", 1)), Is.EqualTo(1));
    }

    [Test]
    public async Task Stop_ServicesAndTheirStop_CanPublish()
    {
        using TestHost host = Build(services => services.AddSingleton<IHostedService>(provider => new Service
        {
            OnStop = () => Publish(provider, 1),
            OnStopped = () => Publish(provider, 2),
        }));
        await host.StartAsync();
        await host.StopAsync();

        Assert.That((await StateAsync()).LastSeq, Is.EqualTo(2));

        static void Publish(IServiceProvider provider, int number) =>
            provider.GetRequiredService<NatsEventStream<Reading>>().PublishAsync(new Reading("a", number)).GetAwaiter().GetResult();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Dispose_Host_DisposesTheStream(bool isResolved)
    {
        TestHost host = await StartAsync();
        NatsEventStream<Reading>? stream = isResolved ? host.Get<NatsEventStream<Reading>>() : null;
        await StoreAsync("a", 1, 1);
        await CaughtUpAsync(host);
        Assert.That(await ConsumersAsync(), Has.Length.EqualTo(2), "The stream's and the handler's.");
        await host.StopAsync();
        host.Dispose();

        Assert.That(await ConsumersAsync(), Is.Empty);
        if (stream is not null)
        {
            await Assert.ThatAsync(() => stream.PublishAsync(new Reading("a", 1)), Throws.TypeOf<ObjectDisposedException>());
        }
    }

    [Test]
    public async Task Start_NoConnection_SaysWhatToRegister()
    {
        using TestHost host = TestHost.Build(services => services.AddNatsEventStream(Options()));

        await Assert.ThatAsync(host.StartAsync, Throws.InvalidOperationException.With.Message.EqualTo(
            "No INatsConnection is registered. Register one with AddNatsClient() of the package NATS.Extensions.Microsoft.DependencyInjection."));
    }

    [Test]
    public async Task Start_NoServer_SaysThatNoneCouldBeReached()
    {
        Server.Kill();
        using TestHost host = Build(services => services.AddNatsEventHandler<Reading, ReadingHandler>("numbers"));

        await Assert.ThatAsync(host.StartAsync, Throws.TypeOf<NatsEventStreamException>().With.Message.StartsWith($"No server could be reached for stream '{Name}'"));
        await Server.StartAgainAsync();
    }

    [Test]
    public async Task Start_NoStreamOnTheServer_SaysSo()
    {
        await JetStream.DeleteStreamAsync(Name);
        using TestHost host = Build(_ => { });

        await Assert.ThatAsync(host.StartAsync, Throws.TypeOf<NatsEventStreamException>().With.Message.EqualTo($"The server has no stream '{Name}'."));
    }

    [Test]
    public async Task Start_HandlerWithoutStream_Throws()
    {
        using TestHost host = TestHost.Build(services => AddConnection(services).AddNatsEventHandler<Reading, ReadingHandler>("numbers"));

        await Assert.ThatAsync(host.StartAsync, Throws.InvalidOperationException.With.Message.EqualTo(
            "The handler ReadingHandler has no stream. Register it with AddNatsEventStream<Reading>."));
    }

    [Test]
    public void AddHandler_InvalidName_Throws() =>
        Assert.That(
            () => new ServiceCollection().AddNatsEventHandler<Reading, ReadingHandler>("a b"),
            Throws.ArgumentException.With.Message.StartsWith("'a b' is not a valid name"));

    [Test]
    public async Task Start_TwoHandlersWithOneName_Throws()
    {
        using TestHost host = Build(services => services
            .AddNatsEventHandler<Reading, ReadingHandler>("numbers").AddNatsEventHandler<Reading, OtherReadingHandler>("numbers"));

        await Assert.ThatAsync(host.StartAsync, Throws.InvalidOperationException.With.Message.EqualTo(
            "Two handlers have the name 'numbers'. The name is that of the handler's checkpoint, so each handler needs its own."));
    }

    [Test]
    public void Add_Twice_Throws()
    {
        IServiceCollection services = new ServiceCollection().AddNatsEventStream(Options()).AddNatsEventHandler<Reading, ReadingHandler>("a");

        Assert.That(() => services.AddNatsEventStream(Options()), Throws.InvalidOperationException.With.Message.EqualTo(
            "A NatsEventStream<Reading> was already added. For two streams, use two types of events."));
        Assert.That(() => services.AddNatsEventHandler<Reading, ReadingHandler>("b"), Throws.InvalidOperationException.With.Message.EqualTo(
            "The handler ReadingHandler was already added to the NatsEventStream<Reading>. It would handle each event twice."));
        Assert.That(() => services.AddNatsEventHandler<Reading, OtherReadingHandler>("b"), Throws.Nothing);
    }

    [Test]
    public void Add_NotValid_Throws()
    {
        IServiceCollection services = new ServiceCollection();
        IHealthChecksBuilder checks = services.AddHealthChecks();

        Assert.That(() => services.AddNatsEventStream((NatsEventStreamOptions<Reading>)null!), Throws.ArgumentNullException);
        Assert.That(() => services.AddNatsEventStream((Func<IServiceProvider, NatsEventStreamOptions<Reading>>)null!), Throws.ArgumentNullException);
        Assert.That(() => ((IServiceCollection)null!).AddNatsEventStream(Options()), Throws.ArgumentNullException);
        Assert.That(() => services.AddNatsEventHandler<Reading, ReadingHandler>((string)null!), Throws.ArgumentNullException);
        Assert.That(() => services.AddNatsEventHandler<Reading, ReadingHandler>((NatsHandlerOptions<Reading>)null!), Throws.ArgumentNullException);
        Assert.That(
            () => services.AddNatsEventHandler<Reading, ReadingHandler>((Func<IServiceProvider, NatsHandlerOptions<Reading>>)null!), Throws.ArgumentNullException);
        Assert.That(() => ((IServiceCollection)null!).AddNatsEventHandler<Reading, ReadingHandler>("a"), Throws.ArgumentNullException);
        Assert.That(() => checks.AddNatsEventStream<Reading>(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => ((IHealthChecksBuilder)null!).AddNatsEventStream<Reading>(1), Throws.ArgumentNullException);
        Assert.That(() => ((IHealthChecksBuilder)null!).AddNatsEventStreamReadiness<Reading>(), Throws.ArgumentNullException);
    }

    /// <summary>A property that is added to the options must be copied too, and be set here.</summary>
    [Test]
    public void WithReportFault_EveryOtherProperty_IsCopied()
    {
        var options = new NatsHandlerOptions<Reading>
        {
            Name = "name",
            Checkpoints = Checkpoints,
            Start = NatsStart.At(7),
            SaveInterval = TimeSpan.FromSeconds(7),
            MaxConcurrency = 7,
            PartitionKey = static e => e.Subject,
            MaxPending = 7,
            ReportFault = static _ => { },
            DeadLetterSubject = "dead",
            Partitions = new NatsPartitions(),
        };
        var defaults = new NatsHandlerOptions<Reading> { Name = "default", Checkpoints = Checkpoints };
        Action<NatsEventFault<Reading>> report = static _ => { };

        NatsHandlerOptions<Reading> copy = options.WithReportFault(report);

        Assert.That(copy.ReportFault, Is.SameAs(report));
        foreach (System.Reflection.PropertyInfo property in typeof(NatsHandlerOptions<Reading>).GetProperties().Where(p => p.Name != nameof(copy.ReportFault)))
        {
            Assert.That(property.GetValue(options), Is.Not.EqualTo(property.GetValue(defaults)), $"{property.Name} is set here.");
            Assert.That(property.GetValue(copy), Is.EqualTo(property.GetValue(options)), $"{property.Name} is copied.");
        }
    }

    private sealed class BlockedContext : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
            // The thread is blocked.
        }
    }
}

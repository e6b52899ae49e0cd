using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rx.Hosting;
using Rx.Tests.Contract;

namespace Rx.Tests.Hosting;

/// <summary>In what order streams, handlers and the services that publish start and stop.</summary>
internal sealed class HostLifetimeTests
{
    /// <summary>Publishers before and after the stream, which publish in each step: all is handled.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public async Task Publishers_AnywhereInAnyStep_AreHandled(bool isConcurrent)
    {
        using TestHost host = TestHost.Build(services =>
        {
            services.Configure<HostOptions>(options => (options.ServicesStartConcurrently, options.ServicesStopConcurrently) = (isConcurrent, isConcurrent));
            services.AddSingleton<IHostedService>(provider => Publisher(provider, 1));
            services.AddEventHandler<int, IntHandler>();
            services.AddSingleton<IHostedService>(provider => Publisher(provider, 2));
            services.AddEventStream<int>();
            services.AddSingleton<IHostedService>(provider => Publisher(provider, 3));
        });

        await host.StartAsync();
        await host.StopAsync();

        // Constructors, StartingAsync and StartAsync in order of registration, StopAsync in reverse.
        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 10, 20, 30, 11, 21, 31, 12, 22, 32, 33, 23, 13 }));
        Assert.That(host.Log.Messages(5), Is.EqualTo(new[] { "The stream Int32 has stopped. Its handlers are done with all 12 events." }));

        static Service Publisher(IServiceProvider services, int number)
        {
            IObserver<int> stream = services.GetRequiredService<IObserver<int>>();
            stream.OnNext(number * 10);
            return new Service
            {
                OnStarting = () => stream.OnNext((number * 10) + 1),
                OnStart = () => stream.OnNext((number * 10) + 2),
                OnStop = () => stream.OnNext((number * 10) + 3),
            };
        }
    }

    [Test]
    public async Task Start_Handlers_BeginBeforeOtherServicesStart()
    {
        var handled = new ManualResetEventSlim();
        using TestHost host = TestHost.Build(services =>
        {
            services.AddSingleton<IHostedService>(provider => new Service
            {
                OnStart = () =>
                {
                    provider.GetRequiredService<IObserver<int>>().OnNext(1);
                    Eventually.IsSet(handled, "The event is handled before this service has started.");
                },
            });
            services.AddEventStream<int>().AddEventHandler<int, IntHandler>();
        });
        host.Handled.OnEvent = (_, _) =>
        {
            handled.Set();
            return ValueTask.CompletedTask;
        };

        await host.StartAsync();

        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public async Task Stop_Backlog_IsHandledBeforeTheStreamCompletes()
    {
        using TestHost host = await TestHost.StartAsync(services => services.AddEventStream<int>().AddEventHandler<int, IntHandler>());
        var mayReturn = new TaskCompletionSource();
        bool isCompleted = false;
        using IDisposable subscription = host.Get<IObservable<int>>().Subscribe(_ => { }, () => isCompleted = true);
        host.Handled.OnEvent = async (_, _) =>
        {
            await mayReturn.Task;
            Assert.That(Volatile.Read(ref isCompleted), Is.False);
        };
        host.Stream.OnNextRange([.. Enumerable.Range(0, 1_000)]);

        Task stopping = host.StopAsync();
        mayReturn.SetResult();
        await stopping;

        Assert.That(host.Handled.Values, Is.EqualTo(Enumerable.Range(0, 1_000)));
        Assert.That(isCompleted, Is.True);
        Assert.That(host.Stream.IsDisposed, Is.False, "The container disposes it.");
        Assert.That(await host.Stream.OnNextAsync(1), Is.EqualTo(-1));
        EventStream<int> stream = host.Stream;
        host.Dispose();
        Assert.That(stream.IsDisposed, Is.True);
    }

    /// <summary>Each handler publishes to the next stream. The last stream is the first one registered.</summary>
    [Test]
    public async Task Stop_HandlersThatPublishToOtherStreams_AllIsHandled()
    {
        const int Streams = 6;
        using TestHost host = await TestHost.StartAsync(services =>
        {
            for (int i = Streams; i > 0; i--)
            {
                services.AddKeyedEventStream<int>($"{i}");
            }

            services.AddKeyedEventHandler<int, Relay1>("1").AddKeyedEventHandler<int, Relay2>("2").AddKeyedEventHandler<int, Relay3>("3")
                .AddKeyedEventHandler<int, Relay4>("4").AddKeyedEventHandler<int, Relay5>("5").AddKeyedEventHandler<int, IntHandler>("6");
        });
        host.Get<EventStream<int>>("1").OnNextRange([.. Enumerable.Range(0, 200)]);

        await host.StopAsync();

        Assert.That(host.Handled.Values, Is.EqualTo(Enumerable.Range(0, 200)));
        Assert.That(host.Log.Messages(4), Is.Empty);
    }

    [Test]
    public async Task Stop_HandlerDoesNotReturn_ReportsCountAndFirst()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddSingleton<OtherHandler.Notes>().AddEventStream<int>().AddEventHandler<int, IntHandler>().AddEventHandler<int, OtherHandler>());
        using var timeout = new CancellationTokenSource();
        CancellationToken given = default;
        host.Handled.OnEvent = async (value, token) =>
        {
            if (value == 3)
            {
                given = token;
                timeout.Cancel();
                await Task.Delay(Timeout.Infinite, CancellationToken.None);
            }
        };
        host.Stream.OnNextRange([0, 1, 2, 3, 4, 5, 6]);

        await host.StopAsync(timeout.Token);

        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(given.IsCancellationRequested, Is.True);
        Assert.That(host.Log.Entries.Where(entry => entry.Message.Contains("IntHandler", StringComparison.Ordinal)), Is.EqualTo(new[]
        {
            new RecordedLog.Entry(
                4, LogLevel.Error, "The handler IntHandler has not handled 4 events of the stream Int32. The first one has the sequence number 3.", null),
        }));
    }

    /// <summary>The first of several calls does not return; the others have.</summary>
    [Test]
    public async Task Stop_OneOfSeveralCallsDoesNotReturn_ReportsOne()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddEventStream<int>().AddEventHandler<int, IntHandler>(new() { MaxConcurrency = 4 }));
        using var timeout = new CancellationTokenSource();
        host.Handled.OnEvent = (value, _) => value == 2 ? new ValueTask(Task.Delay(Timeout.Infinite, CancellationToken.None)) : ValueTask.CompletedTask;
        host.Stream.OnNextRange([.. Enumerable.Range(0, 100)]);
        Eventually.IsTrue(() => host.Stream.Subscriptions.Single().Delivered == 99, "All others are handled.");

        Task stopping = host.StopAsync(timeout.Token);
        timeout.Cancel();
        await stopping;

        Assert.That(host.Log.Messages(4), Is.EqualTo(new[]
        {
            "The handler IntHandler has not handled 1 events of the stream Int32. The first one has the sequence number 2.",
        }));
    }

    /// <summary>What a lag policy drops is told as dropped, not as unhandled.</summary>
    [Test]
    public async Task Stop_HandlerThatDropsDoesNotReturn_ReportsTheRest()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddEventStream<int>().AddEventHandler<int, IntHandler>(new() { LagPolicy = LagPolicy.DropOldest(2) }));
        using var timeout = new CancellationTokenSource();
        var first = new Gate();
        var second = new Gate();
        host.Handled.OnEvent = (value, _) => (value == 0 ? first : second).PassAsync();
        host.Stream.OnNext(0);
        await first.Reached;
        host.Stream.OnNextRange([1, 2, 3, 4, 5]);
        first.Open();
        await second.Reached;

        Task stopping = host.StopAsync(timeout.Token);
        timeout.Cancel();
        await stopping;

        Assert.That(host.Log.Messages(2), Is.EqualTo(new[] { "The subscriber IntHandler has lost 3 events of the stream Int32, since it lags. It has lost 3 in all." }));
        Assert.That(host.Log.Messages(4), Is.EqualTo(new[]
        {
            "The handler IntHandler has not handled 2 events of the stream Int32. The first one has the sequence number 4.",
        }));
    }

    /// <summary>A service that publishes after its stop does not delay the end without bound.</summary>
    [Test]
    public async Task Stop_PublisherGoesOn_Ends()
    {
        using TestHost host = await TestHost.StartAsync(services => services.AddEventStream<int>().AddEventHandler<int, IntHandler>());
        using var isStopped = new CancellationTokenSource();
        Task publishing = Eventually.OnThread(() =>
        {
            for (int i = 0; !isStopped.IsCancellationRequested; i++)
            {
                host.Stream.OnNext(i);
            }
        });

        await host.StopAsync();
        isStopped.Cancel();
        await Eventually.Ends(publishing);

        Assert.That(host.Handled.Values, Is.EqualTo(Enumerable.Range(0, (int)host.Stream.NextSequence)));
        Assert.That(host.Log.Messages(4), Is.Empty);
    }

    [Test]
    public async Task Stop_StreamWasCompletedOrDisposed_Ends()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddSingleton<OtherHandler.Notes>()
            .AddEventStream<int>().AddEventHandler<int, IntHandler>()
            .AddKeyedEventStream<int>("disposed").AddKeyedEventHandler<int, OtherHandler>("disposed"));
        host.Stream.OnNext(1);
        host.Stream.OnCompleted();
        host.Get<EventStream<int>>("disposed").Dispose();

        await host.StopAsync();

        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public async Task Stop_StreamHasFailed_ItsErrorIsLoggedOnce()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddSingleton<OtherHandler.Notes>().AddEventStream<int>().AddEventHandler<int, IntHandler>().AddEventHandler<int, OtherHandler>());
        var error = new NotSupportedException();
        host.Stream.OnNext(1);
        host.Stream.OnError(error);

        await host.StopAsync();

        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(host.Log.Entries.Where(entry => entry.Id == 3).Select(entry => entry.Exception), Is.EqualTo(new[] { error }));
        Assert.That(host.Log.Messages(4), Is.Empty);
    }

    [Test]
    public async Task Stop_ObserverThrowsAtTheEnd_OtherStreamsEndToo()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddEventStream<int>().AddKeyedEventStream<int>("other").AddKeyedEventHandler<int, IntHandler>("other"));
        var error = new NotSupportedException();
        using IDisposable subscription = host.Stream.Subscribe(_ => { }, () => throw error);
        host.Get<IObserver<int>>("other").OnNext(1);

        await host.StopAsync();

        Assert.That(host.Log.Entries.Single(entry => entry.Id == 6), Is.EqualTo(new RecordedLog.Entry(
            6, LogLevel.Error, "An observer of the stream Int32 has thrown an exception at the end of the stream.", error)));
        Assert.That(host.Log.Messages(5).Last(), Is.EqualTo("The stream other has stopped. Its handlers are done with all 1 events."));
    }

    [Test]
    public async Task Start_AnotherServiceFails_TheStreamIsDisposedWithTheHost()
    {
        var given = new TaskCompletionSource<CancellationToken>();
        using TestHost host = TestHost.Build(services => services
            .AddEventStream<int>().AddEventHandler<int, IntHandler>()
            .AddSingleton<IHostedService>(provider => new Service
            {
                OnStart = () =>
                {
                    provider.GetRequiredService<IObserver<int>>().OnNext(1);
                    throw new NotSupportedException();
                },
            }));
        host.Handled.OnEvent = async (_, token) =>
        {
            given.SetResult(token);
            await Task.Delay(Timeout.Infinite, token);
        };
        await Assert.ThatAsync(host.StartAsync, Throws.TypeOf<NotSupportedException>());
        EventStream<int> stream = host.Stream;
        CancellationToken token = await Eventually.Ends(given.Task);

        host.Dispose();

        Assert.That(stream.IsDisposed, Is.True);
        Assert.That(token.IsCancellationRequested, Is.True);
    }

    private class Relay(IServiceProvider services, string to) : IEventHandler<int>
    {
        public async ValueTask HandleAsync(int value, CancellationToken cancellationToken)
        {
            await Task.Yield();
            services.GetRequiredKeyedService<IObserver<int>>(to).OnNext(value);
        }
    }

    private sealed class Relay1(IServiceProvider services) : Relay(services, "2");

    private sealed class Relay2(IServiceProvider services) : Relay(services, "3");

    private sealed class Relay3(IServiceProvider services) : Relay(services, "4");

    private sealed class Relay4(IServiceProvider services) : Relay(services, "5");

    private sealed class Relay5(IServiceProvider services) : Relay(services, "6");
}

using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using Rx.Hosting;
using Rx.Tests.Contract;

namespace Rx.Tests.Hosting;

/// <summary>How handlers are called, and what happens when they throw.</summary>
internal sealed class EventHandlerTests
{
    [Test]
    public async Task Handle_EachEvent_HasAScopeOfItsOwnThatEndsAlsoIfItThrows()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddEventStream<int>()
            .AddScoped<Session>()
            .AddSingleton<ConcurrentQueue<string>>()
            .AddEventHandler<int, SessionHandler>());
        host.Handled.OnEvent = (value, _) => value == 2 ? throw new NotSupportedException() : ValueTask.CompletedTask;

        host.Stream.OnNextRange([1, 2, 3]);
        await host.StopAsync();

        Assert.That(
            host.Get<ConcurrentQueue<string>>(),
            Is.EqualTo(new[] { "open", "handle 1", "close", "open", "handle 2", "close", "open", "handle 3", "close" }));
        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 1, 3 }));
    }

    [Test]
    public async Task Handle_RegisteredWithAnotherLifetime_KeepsIt()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddEventStream<int>().AddSingleton<CountingHandler>().AddEventHandler<int, CountingHandler>());

        host.Stream.OnNextRange([1, 2, 3]);
        await host.StopAsync();

        Assert.That(host.Get<CountingHandler>().Count, Is.EqualTo(3));
    }

    [Test]
    public async Task Handle_CaptureActivity_TracesLinkTheHandlerToThePublisher()
    {
        var exported = new List<Activity>();
        using var requests = new ActivitySource($"requests {Guid.NewGuid()}");
        using TestHost host = await TestHost.StartAsync(services => services
            .AddEventStream<int>(settings => settings.CaptureActivity = true)
            .AddEventHandler<int, IntHandler>()
            .AddOpenTelemetry().WithTracing(tracing => tracing.AddSource("Rx.EventStream", requests.Name).AddInMemoryExporter(exported)));
        Activity? inHandler = null;
        host.Handled.OnEvent = async (_, _) =>
        {
            await Task.Yield();
            inHandler = Activity.Current;
        };
        ActivityContext request;
        using (Activity activity = requests.StartActivity("request")!)
        {
            request = activity.Context;
            host.Stream.OnNext(1);
        }

        await host.StopAsync();

        Activity handled = exported.Single(activity => activity.Source.Name == "Rx.EventStream" && activity.Links.Any(link => link.Context == request));
        Assert.That(handled, Is.SameAs(inHandler));
        Assert.That((handled.DisplayName, handled.GetTagItem("rx.eventstream.stream")), Is.EqualTo(("handle IntHandler", "Int32")));
    }

    [Test]
    public async Task Handle_Throws_IsLoggedAndTheNextEventFollows()
    {
        using TestHost host = await TestHost.StartAsync(services => services.AddEventStream<int>().AddEventHandler<int, IntHandler>());
        var error = new NotSupportedException();
        host.Handled.OnEvent = (value, _) => value == 20 ? throw error : ValueTask.CompletedTask;

        host.Stream.OnNextRange([10, 20, 30]);
        await host.StopAsync();

        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 10, 30 }));
        Assert.That(host.Log.Entries, Is.EqualTo(new[]
        {
            new RecordedLog.Entry(
                1, LogLevel.Error, "The handler IntHandler has failed to handle event 1 of the stream Int32. It continues with the next event.", error),
            new RecordedLog.Entry(5, LogLevel.Information, "The stream Int32 has stopped. Its handlers are done with all 3 events.", null),
        }));
    }

    [Test]
    public async Task FaultPolicy_Continue_ReplacesTheLog()
    {
        var faults = new ConcurrentQueue<int>();
        using TestHost host = await TestHost.StartAsync(services => services.AddEventStream<int>().AddEventHandler<int, IntHandler>(
            new() { FaultPolicy = FaultPolicy<int>.Continue(fault => faults.Enqueue(fault.Value)) }));
        host.Handled.OnEvent = (value, _) => value == 2 ? throw new NotSupportedException() : ValueTask.CompletedTask;

        host.Stream.OnNextRange([1, 2, 3]);
        await host.StopAsync();

        Assert.That(faults, Is.EqualTo(new[] { 2 }));
        Assert.That(host.Log.Entries.Select(entry => entry.Id), Is.EqualTo(new[] { 5 }));
    }

    [Test]
    public async Task FaultPolicy_Stop_EndIsLoggedAndTheRestIsReported()
    {
        using TestHost host = await TestHost.StartAsync(services => services.AddEventStream<int>().AddEventHandler<int, IntHandler>(
            new() { Name = "numbers", FaultPolicy = FaultPolicy<int>.Stop }));
        var error = new NotSupportedException();
        host.Handled.OnEvent = (value, _) => value == 2 ? throw error : ValueTask.CompletedTask;

        host.Stream.OnNextRange([1, 2, 3, 4]);
        Eventually.IsTrue(() => host.Log.Entries.Count > 0, "The end is logged without a look.");
        await host.StopAsync();

        Assert.That(host.Log.Entries, Is.EqualTo(new[]
        {
            new RecordedLog.Entry(3, LogLevel.Error, "The subscriber numbers of the stream Int32 has ended with an exception before event 1.", error),
            new RecordedLog.Entry(
                4, LogLevel.Error, "The handler numbers has not handled 3 events of the stream Int32. The first one has the sequence number 1.", null),
        }));
    }

    [Test]
    public async Task LagPolicy_Fail_EndIsLogged()
    {
        using TestHost host = await TestHost.StartAsync(services => services.AddEventStream<int>().AddEventHandler<int, IntHandler>(
            new() { LagPolicy = LagPolicy.Fail(2) }));
        var mayReturn = new TaskCompletionSource();
        var hasBegun = new TaskCompletionSource();
        host.Handled.OnEvent = async (_, _) =>
        {
            hasBegun.TrySetResult();
            await mayReturn.Task;
        };
        host.Stream.OnNext(0);
        await Eventually.Ends(hasBegun.Task);

        host.Stream.OnNextRange([1, 2, 3, 4]);
        mayReturn.SetResult();
        Eventually.IsTrue(() => host.Log.Entries.Count > 0, "The end is logged without a look.");

        RecordedLog.Entry entry = host.Log.Entries.Single();
        Assert.That((entry.Id, entry.Level, entry.Message), Is.EqualTo(
            (3, LogLevel.Error, "The subscriber IntHandler of the stream Int32 has ended with an exception before event 1.")));
        Assert.That(entry.Exception, Is.TypeOf<SubscriberLaggedException>());
    }

    [Test]
    public async Task Options_ConcurrencyAndKey_AreThoseOfTheCalls()
    {
        using TestHost host = await TestHost.StartAsync(services => services.AddEventStream<int>().AddEventHandler<int, IntHandler>(
            new() { MaxConcurrency = 3, PartitionKey = value => value % 2 }));
        var mayReturn = new TaskCompletionSource();
        var begun = new ConcurrentQueue<int>();
        var bothBegun = new CountdownEvent(2);
        host.Handled.OnEvent = async (value, _) =>
        {
            begun.Enqueue(value);
            if (value < 3)
            {
                bothBegun.Signal();
                await mayReturn.Task;
            }
        };

        host.Stream.OnNextRange([1, 2, 3, 4]);
        Assert.That(bothBegun.Wait(Eventually.Limit), Is.True, "Two keys are handled at the same time.");
        Assert.That(begun, Is.EqualTo(new[] { 1, 2 }));
        mayReturn.SetResult();
        await host.StopAsync();

        Assert.That(host.Handled.Values, Is.EquivalentTo(new[] { 1, 2, 3, 4 }));
    }

    [Test]
    public void Options_MaxConcurrencyOfZero_Throws() =>
        Assert.That(() => new EventHandlerOptions<int> { MaxConcurrency = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());

    private sealed class Session : IAsyncDisposable
    {
        private readonly ConcurrentQueue<string> _log;

        public Session(ConcurrentQueue<string> log)
        {
            _log = log;
            log.Enqueue("open");
        }

        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            _log.Enqueue("close");
        }
    }

#pragma warning disable CS9113 // The handler needs the session to be opened.
    private sealed class SessionHandler(Session session, ConcurrentQueue<string> log, HandledEvents handled) : IEventHandler<int>
#pragma warning restore CS9113
    {
        public async ValueTask HandleAsync(int value, CancellationToken cancellationToken)
        {
            await Task.Yield();
            log.Enqueue($"handle {value}");
            await handled.HandleAsync(value, cancellationToken);
        }
    }

    private sealed class CountingHandler : IEventHandler<int>
    {
        public int Count { get; private set; }

        public ValueTask HandleAsync(int value, CancellationToken cancellationToken)
        {
            Count++;
            return ValueTask.CompletedTask;
        }
    }
}

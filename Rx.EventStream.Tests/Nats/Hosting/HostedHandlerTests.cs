using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NATS.Client.JetStream.Models;
using Rx.Hosting;
using Rx.Nats;
using Rx.Nats.Hosting.Running;
using Rx.Tests.Contract;
using Rx.Tests.Hosting;

namespace Rx.Tests.Nats.Hosting;

/// <summary>How the host calls handlers, when it starts and stops them, and what happens when they throw.</summary>
internal sealed class HostedHandlerTests : NatsHostFixture
{
    [Test]
    public async Task Handle_EachEvent_HasAScopeOfItsOwn()
    {
        var log = new ConcurrentQueue<string>();
        using TestHost host = Build(services => services
            .AddSingleton(log).AddScoped<Session>().AddNatsEventHandler<Reading, SessionHandler>(HandlerOptions()));
        await StoreAsync("a", 1, 3);

        await host.StartAsync();
        await CaughtUpAsync(host);
        await host.StopAsync();

        Assert.That(log, Is.EqualTo(Enumerable.Range(1, 3).SelectMany(number => new[] { "open", $"handle {number}", "close" })));
    }

    [Test]
    public async Task Restart_ContinuesAtTheCheckpoint()
    {
        await StoreAsync("a", 1, 3);
        var handled = new List<int>();
        for (int round = 0; round < 2; round++)
        {
            using TestHost host = await StartAsync(HandlerOptions(saveInterval: TimeSpan.FromHours(1)));
            await CaughtUpAsync(host);
            await host.StopAsync();
            handled.AddRange(host.Handled.Values);
            await StoreAsync("a", 4, 2);
        }

        Assert.That(handled, Is.EqualTo(new[] { 1, 2, 3, 4, 5 }));
    }

    [Test]
    public async Task Name_Alone_KeepsTheCheckpointOnTheContainersConnection()
    {
        await StoreAsync("a", 1, 3);
        using TestHost host = Build(services => services.AddNatsEventHandler<Reading, ReadingHandler>("numbers"));
        await host.StartAsync();
        await CaughtUpAsync(host);
        await host.StopAsync();

        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(await SavedAsync("numbers"), Is.EqualTo(4));
        Assert.That(host.Log.Entries, Is.EqualTo(new[]
        {
            new RecordedLog.Entry(15, LogLevel.Information, $"The handler numbers of the stream {Name} has stopped. It has handled 3 events.", null),
        }));
    }

    /// <summary>A handler may use what the services provide.</summary>
    [Test]
    public async Task Lifetime_Handler_StartsAfterAllServicesAndStopsBeforeThem()
    {
        TestHost host = null!;
        var seen = new ConcurrentQueue<string>();
        await StoreAsync("a", 1, 1);
        using (host = Build(services => services
            .AddSingleton<IHostedService>(Watch("first")).AddNatsEventHandler<Reading, ReadingHandler>(HandlerOptions()).AddSingleton<IHostedService>(Watch("last"))))
        {
            await host.StartAsync();
            await CaughtUpAsync(host);
            await host.StopAsync();
        }

        Assert.That(seen, Is.EqualTo(new[] { "first starts: none", "last starts: none", "last stops: ended", "first stops: ended" }));

        Service Watch(string name) => new() { OnStart = () => Note($"{name} starts"), OnStop = () => Note($"{name} stops") };

        void Note(string what) => seen.Enqueue($"{what}: " + host.Get<HostedNatsStream<Reading>>().Handlers.Single().Subscription switch
        {
            null => "none",
            { Completion.IsCompleted: true } => "ended",
            _ => "runs",
        });
    }

    [Test]
    public async Task Stop_CallRuns_EndsAndIsInTheCheckpoint()
    {
        var gate = new Gate();
        await StoreAsync("a", 1, 3);
        using TestHost host = Build(services => services.AddNatsEventHandler<Reading, ReadingHandler>(HandlerOptions(saveInterval: TimeSpan.FromHours(1))));
        host.Handled.OnEvent = (number, token) => number == 2 ? PassAsync(gate, token) : ValueTask.CompletedTask;
        await host.StartAsync();
        await gate.Reached;

        Task stopping = host.StopAsync(); // handlers are told to stop before it returns the task
        Assert.That(stopping.IsCompleted, Is.False, "The call runs.");
        gate.Open();
        await stopping;

        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 1, 2 }), "No further call begins.");
        Assert.That(await SavedAsync(), Is.EqualTo(3));
        Assert.That(host.Log.Messages(14), Is.Empty);
    }

    [Test]
    public async Task Stop_TimeIsOver_CancelsTheCallAndTheEventComesAgain()
    {
        await StoreAsync("a", 1, 3);
        using (TestHost host = Build(services => services.AddNatsEventHandler<Reading, ReadingHandler>(HandlerOptions(saveInterval: TimeSpan.FromHours(1)))))
        {
            var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            host.Handled.OnEvent = async (number, token) =>
            {
                if (number == 2)
                {
                    running.SetResult();
                    await Task.Delay(Timeout.Infinite, token);
                }
            };
            await host.StartAsync();
            await Eventually.Ends(running.Task);
            await host.StopAsync(Over);

            Assert.That(host.Handled.Values, Is.EqualTo(new[] { 1 }));
            Assert.That(host.Log.Entries.Where(entry => entry.Id == 14), Is.EqualTo(new[]
            {
                new RecordedLog.Entry(
                    14, LogLevel.Warning, $"The call of the handler handler for event 2 of the stream {Name} was canceled. The event is handled again later.", null),
            }));
        }

        using TestHost again = await StartAsync();
        await CaughtUpAsync(again);
        await again.StopAsync();

        Assert.That(again.Handled.Values, Is.EqualTo(new[] { 2, 3 }));
    }

    /// <summary>A call that never returns keeps neither the stop nor the disposal of the host from ending.</summary>
    [Test]
    public async Task Stop_CallHeedsNoCancellation_IsAbandoned()
    {
        var gate = new Gate();
        await StoreAsync("a", 1, 3);
        TestHost host = Build(services => services.AddNatsEventHandler<Reading, ReadingHandler>(HandlerOptions(saveInterval: TimeSpan.FromHours(1))));
        host.Handled.OnEvent = (number, _) => number == 2 ? gate.PassAsync() : ValueTask.CompletedTask;
        await host.StartAsync();
        await gate.Reached;

        Task stopping = host.StopAsync(Over);
        await Becomes(() =>
        {
            host.Time.Advance(HostedNatsHandler<Reading>.Courtesy);
            return stopping.IsCompleted;
        });
        await stopping;
        await Eventually.Ends(Task.Run(host.Dispose));

        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(host.Log.Messages(14), Has.One.Items);
        Assert.That(await SavedAsync(), Is.EqualTo(2), "The event counts as not handled.");
        gate.Open();
    }

    [Test]
    public async Task Handle_Throws_EndIsCriticalWithThePosition()
    {
        var error = new NotSupportedException("no");
        await StoreAsync("a", 1, 3);
        using TestHost host = Build(services => services.AddNatsEventHandler<Reading, ReadingHandler>(HandlerOptions()));
        host.Handled.OnEvent = (number, _) => number == 2 ? throw error : ValueTask.CompletedTask;
        await host.StartAsync();
        await Becomes(() => host.Log.Entries.Count > 0);
        await host.StopAsync();

        Assert.That(host.Log.Entries, Is.EqualTo(new[]
        {
            new RecordedLog.Entry(
                13,
                LogLevel.Critical,
                $"The handler handler of the stream {Name} has ended with an exception before event 2. It handles no more events until the next start.",
                error),
        }));
        Assert.That(await SavedAsync(), Is.EqualTo(2));
    }

    /// <summary>The second call throws while the first one runs, which is canceled: the position is that of the first.</summary>
    [Test]
    public async Task Handle_OneOfSeveralCallsThrows_PositionIsTheFirstUnhandled()
    {
        var gate = new Gate();
        await StoreAsync("a", 1, 3);
        using TestHost host = Build(services => services.AddNatsEventHandler<Reading, ReadingHandler>(HandlerOptions(maxConcurrency: 2)));
        host.Handled.OnEvent = async (number, token) =>
        {
            if (number == 1)
            {
                await PassAsync(gate, token);
            }
            else
            {
                await gate.Reached;
                throw new NotSupportedException();
            }
        };
        await host.StartAsync();
        await Ends<NotSupportedException>(HandlerOf(host));
        await Becomes(() => host.Log.Messages(13).Any());

        Assert.That(host.Log.Messages(13).Single(), Does.Contain("before event 1."));
        Assert.That(host.Log.Messages(14).Single(), Does.Contain("for event 1 "));
        Assert.That(await SavedAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task DeadLetters_EachIsLogged()
    {
        string letters = $"{Name}-dead";
        await JetStream.CreateStreamAsync(new StreamConfig(letters, [letters]));
        var error = new NotSupportedException("no");
        await StoreAsync("a", 1, 3);
        using TestHost host = Build(services => services.AddNatsEventHandler<Reading, ReadingHandler>(HandlerOptions(deadLetters: letters)));
        host.Handled.OnEvent = (number, _) => number == 2 ? throw error : ValueTask.CompletedTask;
        await host.StartAsync();
        await CaughtUpAsync(host);

        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 1, 3 }));
        Assert.That(HandlerOf(host).Faults, Is.EqualTo(1));
        Assert.That(host.Log.Entries, Is.EqualTo(new[]
        {
            new RecordedLog.Entry(
                12,
                LogLevel.Error,
                $"The handler handler has failed to handle event 2 of the stream {Name}. The event is stored as a dead letter with the subject {letters}, " +
                "and the handler continues with the next event.",
                error),
        }));
    }

    [Test]
    public async Task ReportFault_IsLoggedAndCalled()
    {
        var error = new NotSupportedException("no");
        var reported = new ConcurrentQueue<long>();
        await StoreAsync("a", 1, 3);
        using TestHost host = Build(services => services.AddNatsEventHandler<Reading, ReadingHandler>(
            HandlerOptions(reportFault: fault => reported.Enqueue(fault.Event.Sequence))));
        host.Handled.OnEvent = (number, _) => number == 2 ? throw error : ValueTask.CompletedTask;
        await host.StartAsync();
        await CaughtUpAsync(host);

        Assert.That(reported, Is.EqualTo(new[] { 2 }));
        Assert.That(host.Log.Entries, Is.EqualTo(new[]
        {
            new RecordedLog.Entry(
                11, LogLevel.Error, $"The handler handler has failed to handle event 2 of the stream {Name}. It continues with the next event.", error),
        }));
    }

    [Test]
    public async Task Start_SecondOwner_TheFirstIsLoggedAsEnded()
    {
        using TestHost first = await StartAsync();
        await Becomes(() => HandlerOf(first).Position > 0);
        using TestHost second = await StartAsync();
        await Becomes(() => HandlerOf(second).Position > 0);
        await StoreAsync("a", 1, 1);
        await Becomes(() => first.Log.Entries.Count > 0);

        RecordedLog.Entry entry = first.Log.Entries.Single(entry => entry.Level == LogLevel.Critical);
        Assert.That(entry.Exception, Is.TypeOf<CheckpointLostException>());
        await CaughtUpAsync(second);
    }

    internal sealed class Session : IAsyncDisposable
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
    internal sealed class SessionHandler(Session session, ConcurrentQueue<string> log) : IEventHandler<NatsEvent<Reading>>
#pragma warning restore CS9113
    {
        public async ValueTask HandleAsync(NatsEvent<Reading> value, CancellationToken cancellationToken)
        {
            await Task.Yield();
            log.Enqueue($"handle {value.Value.Number}");
        }
    }
}

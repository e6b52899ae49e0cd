using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats;

namespace Rx.Tests.Nats;

/// <summary>The base of tests that need a server. Each test starts its own, and creates a stream on it with the subjects <c>name.></c>.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)] // other processes do the work
internal abstract class NatsFixture
{
    private static int _streams;

    private readonly List<IAsyncDisposable> _opened = [];

    protected NatsServer Server { get; private set; } = null!;

    /// <summary>The test's own connection. The code under test does not use it.</summary>
    protected NatsConnection Connection { get; private set; } = null!;

    protected NatsJSContext JetStream { get; private set; } = null!;

    /// <summary>The name of the test's stream.</summary>
    protected string Name { get; private set; } = null!;

    [SetUp]
    public async Task StartServer()
    {
        Server = await NatsServer.StartAsync();
        Connection = Server.Connect();
        JetStream = new NatsJSContext(Connection);
        Name = $"test{Interlocked.Increment(ref _streams)}";
        await JetStream.CreateStreamAsync(new StreamConfig(Name, [$"{Name}.>"]));
    }

    [TearDown]
    public async Task StopServer()
    {
        for (int i = _opened.Count - 1; i >= 0; i--)
        {
            await _opened[i].DisposeAsync();
        }

        _opened.Clear();

        if (Server is not null)
        {
            await Connection.DisposeAsync();
            await Server.DisposeAsync();
            Server = null!; // the next test may be skipped before it starts one
        }
    }

    /// <summary>Options for the test's stream. Each source has its own subject.</summary>
    protected NatsEventStreamOptions<Reading> Options(
        NatsStart? start = null,
        string? filter = null,
        EventStreamOptions? local = null,
        TimeSpan? publishTimeout = null,
        int maxInFlight = 512,
        Action<UnreadableEventException>? skipUnreadable = null,
        Func<Reading, string>? subject = null) => new(ReadingJson.Default.Reading)
        {
            Stream = Name,
            Subject = subject ?? (reading => $"{Name}.{reading.Source}"),
            Start = start ?? NatsStart.Now,
            Filter = filter,
            Local = local ?? new EventStreamOptions { Retention = Retention.All },
            PublishTimeout = publishTimeout ?? TimeSpan.FromSeconds(30),
            MaxInFlight = maxInFlight,
            SkipUnreadable = skipUnreadable,
        };

    /// <summary>Opens the test's stream as another machine would, with a separate connection. Both are disposed after the test.</summary>
    protected async Task<NatsEventStream<Reading>> OpenAsync(NatsEventStreamOptions<Reading>? options = null, string? url = null)
    {
        NatsConnection connection = AfterTest(NatsServer.ConnectTo(url ?? Server.Url));
        return AfterTest(await NatsEventStream<Reading>.OpenAsync(connection, options ?? Options()));
    }

    /// <summary>A network between the server and the streams that are opened with the proxy's address. It is disposed after the test.</summary>
    protected TcpProxy OpenProxy(int? bytesPerSecond = null) => AfterTest(new TcpProxy(Server.Port, bytesPerSecond));

    /// <summary>Stores readings without the code under test.</summary>
    protected async Task StoreAsync(string source, int first, int count)
    {
        for (int number = first; number < first + count; number++)
        {
            PubAckResponse answer = await JetStream.PublishAsync($"{Name}.{source}", $$"""{"Source":"{{source}}","Number":{{number}}}""");
            answer.EnsureSuccess();
        }
    }

    /// <summary>The names of the consumers of the test's stream.</summary>
    protected async Task<string[]> ConsumersAsync()
    {
        var names = new List<string>();
        await foreach (string name in JetStream.ListConsumerNamesAsync(Name))
        {
            names.Add(name);
        }

        return [.. names];
    }

    protected async Task<StreamState> StateAsync() => (await JetStream.GetStreamAsync(Name)).Info.State;

    protected static IEnumerable<Reading> Readings(string source, int count, int first = 0) =>
        Enumerable.Range(first, count).Select(number => new Reading(source, number));

    protected static Received Observe(IObservable<Sequenced<Reading>> events)
    {
        var received = new Received();
        events.Subscribe(received);
        return received;
    }

    /// <summary>Disposes an object after the test.</summary>
    protected TDisposable AfterTest<TDisposable>(TDisposable disposable)
        where TDisposable : IAsyncDisposable
    {
        _opened.Add(disposable);
        return disposable;
    }
}

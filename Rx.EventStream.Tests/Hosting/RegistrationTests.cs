using Microsoft.Extensions.DependencyInjection;
using Rx.Hosting;

namespace Rx.Tests.Hosting;

/// <summary>Which services a stream and its handlers are.</summary>
internal sealed class RegistrationTests
{
    [Test]
    public async Task AddEventStream_Services_AreOneStream()
    {
        using TestHost host = await TestHost.StartAsync(services => services.AddEventStream<int>());
        var values = new List<int>();
        using IDisposable subscription = host.Get<IObservable<int>>().Subscribe(values.Add);

        host.Get<IObserver<int>>().OnNext(1);
        host.Stream.OnNext(2);

        Assert.That(values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(host.Get<IObservable<int>>(), Is.Not.InstanceOf<IObserver<int>>(), "It gives no way to publish.");
        Assert.That(host.Get<EventStream<int>>(), Is.SameAs(host.Stream));
    }

    [Test]
    public async Task AddEventStream_Twice_IsOneStreamWithTheOptionsOfBoth()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddEventStream<int>(settings => settings.Retention = Retention.Count(1))
            .AddEventStream<int>(settings => settings.Name = "numbers")
            .AddEventHandler<int, IntHandler>());
        host.Stream.OnNextRange([1, 2]);
        await host.StopAsync();

        Assert.That(host.Services.GetServices<EventStream<int>>(), Has.Exactly(1).Items);
        Assert.That(host.Stream.OldestSequence, Is.EqualTo(1));
        Assert.That(host.Log.Messages(5), Is.EqualTo(new[] { "The stream numbers has stopped. Its handlers are done with all 2 events." }));
        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 1, 2 }));
    }

    /// <summary>Each of them once, for code that watches all streams.</summary>
    [Test]
    public async Task AddEventStream_SeveralStreams_AreListedWhateverTheirTypes()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddEventStream<int>().AddEventStream<int>().AddEventStream<string>().AddKeyedEventStream<int>("a"));

        Assert.That(
            host.Services.GetServices<IEventStream>(),
            Is.EqualTo(new IEventStream[] { host.Stream, host.Get<EventStream<string>>(), host.Get<EventStream<int>>("a") }));
    }

    [Test]
    public async Task AddKeyedEventStream_Handlers_GetTheEventsOfTheirStream()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddSingleton<OtherHandler.Notes>()
            .AddEventStream<int>()
            .AddKeyedEventStream<int>("a")
            .AddKeyedEventStream<int>("b", settings => settings.Name = "named")
            .AddKeyedEventHandler<int, IntHandler>("a")
            .AddKeyedEventHandler<int, OtherHandler>("b"));
        var plain = new List<int>();
        using IDisposable subscription = host.Get<IObservable<int>>().Subscribe(plain.Add);

        host.Get<IObserver<int>>("a").OnNext(1);
        host.Get<EventStream<int>>("b").OnNext(2);
        host.Stream.OnNext(3);
        await host.StopAsync();

        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(host.Get<OtherHandler.Notes>().Values, Is.EqualTo(new[] { 2 }));
        Assert.That(plain, Is.EqualTo(new[] { 3 }));
        Assert.That(host.Log.Messages(5), Is.EquivalentTo(new[]
        {
            "The stream Int32 has stopped. Its handlers are done with all 1 events.",
            "The stream a has stopped. Its handlers are done with all 1 events.",
            "The stream named has stopped. Its handlers are done with all 1 events.",
        }));
    }

    [Test]
    public async Task Names_ByDefault_AreThoseOfTheTypes()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddEventStream<KeyValuePair<string, List<int>>>()
            .AddEventHandler<KeyValuePair<string, List<int>>, GenericHandler<KeyValuePair<string, List<int>>>>());

        string? name = host.Get<EventStream<KeyValuePair<string, List<int>>>>().Subscriptions.Single().Name;
        await host.StopAsync();

        Assert.That(name, Is.EqualTo("GenericHandler<KeyValuePair<String, List<Int32>>>"));
        Assert.That(host.Log.Messages(5).Single(), Does.StartWith("The stream KeyValuePair<String, List<Int32>> has stopped."));
    }

    [Test]
    public async Task Start_HandlerWithoutStream_SaysWhatToRegister()
    {
        using TestHost plain = TestHost.Build(services => services.AddEventHandler<int, IntHandler>());
        using TestHost keyed = TestHost.Build(services => services.AddEventStream<int>().AddKeyedEventHandler<int, IntHandler>("a"));

        await Assert.ThatAsync(plain.StartAsync, Throws.InvalidOperationException.With.Message.EqualTo(
            "The handler IntHandler has no stream. Register it with AddEventStream<Int32>()."));
        await Assert.ThatAsync(keyed.StartAsync, Throws.InvalidOperationException.With.Message.EqualTo(
            "The handler IntHandler has no stream. Register it with AddKeyedEventStream<Int32>(\"a\")."));
    }

    [Test]
    public void AddEventHandler_Twice_IsRefused()
    {
        var services = new ServiceCollection();
        services.AddEventHandler<int, IntHandler>().AddKeyedEventHandler<int, IntHandler>("a");

        Assert.That(() => services.AddEventHandler<int, IntHandler>(), Throws.InvalidOperationException.With.Message.EqualTo(
            "The handler IntHandler was already added to this stream of Int32. It would handle each event twice."));
        Assert.That(() => services.AddKeyedEventHandler<int, IntHandler>("a"), Throws.InvalidOperationException);
    }

    [Test]
    public void Add_Null_Throws()
    {
        var services = new ServiceCollection();

        Assert.That(() => services.AddKeyedEventStream<int>(null!), Throws.ArgumentNullException);
        Assert.That(() => services.AddKeyedEventHandler<int, IntHandler>(null!), Throws.ArgumentNullException);
        Assert.That(() => ((IServiceCollection)null!).AddEventStream<int>(), Throws.ArgumentNullException);
        Assert.That(() => ((IServiceCollection)null!).AddEventHandler<int, IntHandler>(), Throws.ArgumentNullException);
    }

    /// <summary>In a test of the application, the container may come without a host.</summary>
    [Test]
    public void Container_WithoutHost_GivesTheStreamAndDisposesIt()
    {
        ServiceProvider services = new ServiceCollection().AddEventStream<int>().AddEventHandler<int, IntHandler>().BuildServiceProvider();
        var stream = services.GetRequiredService<EventStream<int>>();
        stream.OnNext(1);

        services.Dispose();

        Assert.That(stream.IsDisposed, Is.True);
    }

    private sealed class GenericHandler<T> : IEventHandler<T>
    {
        public ValueTask HandleAsync(T value, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}

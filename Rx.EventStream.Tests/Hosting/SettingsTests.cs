using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Rx.Hosting;
using Rx.Hosting.Running;

namespace Rx.Tests.Hosting;

/// <summary>Options of streams, from code and from the configuration.</summary>
internal sealed class SettingsTests
{
    private const string Keys = "Name, SingleWriter, LagPolicy, Retention, MaxInlineBacklog, SegmentCapacity, CaptureActivity";
    private const string LagPolicies = "Unbounded, Latest, DropOldest(n), Fail(n) or Wait(n), with n from 1 to 2147483647";
    private const string Retentions =
        "None, All, Count(n), Time(t) or CountAndTime(n, t), with n from 1 to 2147483647 and t as hours:minutes:seconds, such as 00:05:00";

    [Test]
    public void Read_EverySetting_IsSet()
    {
        using TestHost host = Configured(
            ("Streams:Orders:Name", "orders"),
            ("Streams:Orders:SingleWriter", "true"),
            ("Streams:Orders:LagPolicy", "DropOldest(100)"),
            ("Streams:Orders:Retention", "CountAndTime(1000, 00:05:00)"),
            ("Streams:Orders:MaxInlineBacklog", "7"),
            ("Streams:Orders:SegmentCapacity", "8"),
            ("Streams:Orders:CaptureActivity", "true"));

        EventStreamOptions options = host.Get<IOptionsMonitor<EventStreamSettings>>().Get(HostedStream<int>.OptionsName(null)).ToOptions("default", null);

        Assert.That(
            (options.Name, options.SingleWriter, $"{options.LagPolicy}", $"{options.Retention}", options.MaxInlineBacklog, options.SegmentCapacity),
            Is.EqualTo(("orders", true, "DropOldest(100)", "CountAndTime(1000, 00:05:00)", 7, 8)));
        Assert.That(options.CaptureActivity, Is.True);
    }

    [Test]
    public void Read_NoSection_KeepsTheDefaults()
    {
        using TestHost host = Configured();
        var expected = new EventStreamOptions();

        EventStreamOptions options = host.Get<IOptionsMonitor<EventStreamSettings>>().Get(HostedStream<int>.OptionsName(null)).ToOptions("default", null);

        Assert.That(
            (options.Name, options.SingleWriter, options.LagPolicy, options.Retention, options.MaxInlineBacklog, options.SegmentCapacity, options.Scheduler),
            Is.EqualTo(("default", expected.SingleWriter, expected.LagPolicy, expected.Retention, expected.MaxInlineBacklog, expected.SegmentCapacity, expected.Scheduler)));
    }

    [TestCase("SingleWriter", "yes", "true or false")]
    [TestCase("LagPolicy", "", LagPolicies)]
    [TestCase("LagPolicy", "Drop", LagPolicies)]
    [TestCase("LagPolicy", "DropOldest", LagPolicies)]
    [TestCase("LagPolicy", "DropOldest()", LagPolicies)]
    [TestCase("LagPolicy", "DropOldest(0)", LagPolicies)]
    [TestCase("LagPolicy", "DropOldest(-1)", LagPolicies)]
    [TestCase("LagPolicy", "DropOldest(1.5)", LagPolicies)]
    [TestCase("LagPolicy", "DropOldest(1,000)", LagPolicies)]
    [TestCase("LagPolicy", "DropOldest(2147483648)", LagPolicies)]
    [TestCase("LagPolicy", "DropOldest(100", LagPolicies)]
    [TestCase("LagPolicy", "Unbounded(1)", LagPolicies)]
    [TestCase("LagPolicy", "Fail(0)", LagPolicies)]
    [TestCase("LagPolicy", "Wait(x)", LagPolicies)]
    [TestCase("Retention", "1000", Retentions)]
    [TestCase("Retention", "Count(0)", Retentions)]
    [TestCase("Retention", "Time(5)", Retentions)]
    [TestCase("Retention", "Time(00:00:00)", Retentions)]
    [TestCase("Retention", "Time(-00:05:00)", Retentions)]
    [TestCase("Retention", "CountAndTime(1000)", Retentions)]
    [TestCase("Retention", "CountAndTime(00:05:00, 1000)", Retentions)]
    [TestCase("MaxInlineBacklog", "0", "a whole number from 1 to 2147483647")]
    [TestCase("MaxInlineBacklog", "many", "a whole number from 1 to 2147483647")]
    [TestCase("SegmentCapacity", "0", "a whole number from 1 to 1048576")]
    [TestCase("SegmentCapacity", "1048577", "a whole number from 1 to 1048576")]
    public async Task Start_InvalidValue_NamesPathValueAndWhatIsAllowed(string key, string value, string allowed)
    {
        using TestHost host = Configured(($"Streams:Orders:{key}", value));

        Assert.That(await FailuresAsync(host), Is.EqualTo(new[] { $"Streams:Orders:{key} is '{value}'. It must be {allowed}." }));
    }

    [Test]
    public async Task Start_UnknownKey_NamesTheKeys()
    {
        using TestHost host = Configured(("Streams:Orders:LagPolcy", "Latest"));

        Assert.That(await FailuresAsync(host), Is.EqualTo(new[] { $"Streams:Orders:LagPolcy is not a setting of a stream. The settings are {Keys}." }));
    }

    [Test]
    public async Task Start_ValueInPlaceOfASection_IsRefused()
    {
        using TestHost host = Configured(("Streams:Orders", "Latest"));

        Assert.That(await FailuresAsync(host), Is.EqualTo(new[] { $"Streams:Orders is 'Latest'. It must be a section with the keys {Keys}." }));
    }

    [Test]
    public async Task Start_SectionInPlaceOfAValue_IsRefused()
    {
        using TestHost host = Configured(("Streams:Orders:LagPolicy:DropOldest", "100"));

        Assert.That(await FailuresAsync(host), Is.EqualTo(new[] { $"Streams:Orders:LagPolicy is a section. It must be {LagPolicies}." }));
    }

    [Test]
    public async Task Start_SeveralInvalidValuesAndStreams_NamesAll()
    {
        using TestHost host = TestHost.Build(
            (services, configuration) =>
            {
                services.AddEventStream<int>(settings => settings.Read(configuration.GetSection("A")));
                services.AddKeyedEventStream<int>("b", settings => settings.Read(configuration.GetSection("B")));
            },
            ("A:LagPolicy", "x"), ("A:Retention", "y"), ("B:SingleWriter", "z"));

        var error = (await Assert.ThrowsAsync<AggregateException>(host.StartAsync))!;

        Assert.That(
            error.InnerExceptions.Cast<OptionsValidationException>().SelectMany(e => e.Failures),
            Is.EqualTo(new[]
            {
                $"A:LagPolicy is 'x'. It must be {LagPolicies}.",
                $"A:Retention is 'y'. It must be {Retentions}.",
                "B:SingleWriter is 'z'. It must be true or false.",
            }));
    }

    [Test]
    public void Settings_ValueOutOfRange_Throws()
    {
        var settings = new EventStreamSettings();

        Assert.That(() => settings.MaxInlineBacklog = 0, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("MaxInlineBacklog must be at least 1 event."));
        Assert.That(() => settings.SegmentCapacity = 0, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("SegmentCapacity must be from 1 to 1,048,576 events."));
        Assert.That(() => settings.LagPolicy = null!, Throws.ArgumentNullException);
        Assert.That(() => settings.Retention = null!, Throws.ArgumentNullException);
        Assert.That(() => settings.Read(null!), Throws.ArgumentNullException);
        Assert.That(settings.ToOptions("", null).MaxInlineBacklog, Is.EqualTo(new EventStreamOptions().MaxInlineBacklog));
    }

    [Test]
    public async Task Retention_ByAge_HasTheTimeOfTheContainer()
    {
        using TestHost host = await TestHost.StartAsync(
            services => services.AddEventStream<int>(settings => settings.Retention = Retention.Time(TimeSpan.FromMinutes(5))));
        host.Stream.OnNext(1);
        host.Time.Advance(TimeSpan.FromMinutes(4));
        host.Stream.OnNext(2);
        Assert.That(host.Stream.OldestSequence, Is.Zero);

        host.Time.Advance(TimeSpan.FromMinutes(2));

        Assert.That(host.Stream.OldestSequence, Is.EqualTo(1));
    }

    private static TestHost Configured(params (string Key, string Value)[] configuration) =>
        TestHost.Build(
            (services, all) => services.AddEventStream<int>(settings => settings.Read(all.GetSection("Streams").GetSection("Orders"))),
            configuration);

    private static async Task<IEnumerable<string>> FailuresAsync(TestHost host) =>
        (await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync))!.Failures;
}

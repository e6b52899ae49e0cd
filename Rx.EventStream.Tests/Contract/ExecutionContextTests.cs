using System.Diagnostics;
using System.Globalization;
using System.Reactive.Concurrency;

namespace Rx.Tests.Contract;

/// <summary>An observer runs in the execution context of its <c>Subscribe</c>, on each kind of scheduler.</summary>
[TestFixtureSource(typeof(SchedulerCase), nameof(SchedulerCase.All))]
internal sealed class ExecutionContextTests(SchedulerCase schedulerCase)
{
    private static readonly AsyncLocal<string?> _local = new();

    private SchedulerUnderTest _on = null!;
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp()
    {
        _on = schedulerCase.Create();
        _stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 2 });
    }

    [TearDown]
    public void TearDown()
    {
        _stream.Dispose();
        _on.Dispose();
    }

    [Test]
    public void OnNext_OtherContextThanSubscribe_ObserverRunsInThatOfSubscribe()
    {
        var seen = new List<string>();
        var observer = new RecordingObserver<int>(_ => seen.Add(Describe()), () => seen.Add(Describe()));
        InContext("subscriber", "fr-FR", () => _stream.ObserveOn(_on.Scheduler).Subscribe(observer));

        InContext("publisher", "de-DE", () =>
        {
            _stream.OnNext(1);
            _on.Run();
            _stream.OnNextRange([2, 3]);
            _stream.OnCompleted();
            _on.RunUntil(() => observer.IsEnded, "The observer ends.");
        });

        Assert.That(seen, Is.EqualTo(Enumerable.Repeat("subscriber fr-FR subscriber", 4)));
    }

    [Test]
    public void OnNext_NothingSetAtSubscribe_ObserverSeesNothingOfThePublisher()
    {
        var seen = new List<string>();
        var observer = new RecordingObserver<int>(_ => seen.Add($"{_local.Value} {Activity.Current?.OperationName}"));
        _stream.ObserveOn(_on.Scheduler).Subscribe(observer);

        InContext("publisher", "de-DE", () =>
        {
            _stream.OnNext(1);
            _stream.OnCompleted();
            _on.RunUntil(() => observer.IsEnded, "The observer ends.");
        });

        Assert.That(seen, Is.EqualTo(new[] { " " }));
    }

    [Test]
    public void OnNext_ObserverSetsAValue_NoOtherObserverSeesIt()
    {
        string? seen = "not called";
        var setter = new RecordingObserver<int>(_ => _local.Value = "leaked", () => _local.Value = "leaked");
        var other = new RecordingObserver<int>(_ => seen = _local.Value);
        _stream.ObserveOn(_on.Scheduler).Subscribe(setter);
        _stream.ObserveOn(_on.Scheduler).Subscribe(other);

        _stream.OnNext(1);
        _stream.OnCompleted();
        _on.RunUntil(() => setter.IsEnded && other.IsEnded, "Both observers end.");

        Assert.That(seen, Is.Null);
        Assert.That(_local.Value, Is.Null, "Nor does the thread that ran them.");
        Assert.That(AfterwardsOnTheScheduler(), Is.Null, "Nor does other work on the scheduler.");
    }

    [Test]
    public void Subscribe_FlowIsSuppressed_ObserverIsCalled()
    {
        var observer = new RecordingObserver<int>();
        using (ExecutionContext.SuppressFlow())
        {
            _stream.ObserveOn(_on.Scheduler).Subscribe(observer);
        }

        _stream.OnNext(1);
        _stream.OnCompleted();
        _on.RunUntil(() => observer.IsEnded, "The observer ends.");

        Assert.That(observer.Values, Is.EqualTo(new[] { 1 }));
    }

    private static string Describe() => $"{_local.Value} {CultureInfo.CurrentCulture.Name} {Activity.Current?.OperationName}";

    private static void InContext(string name, string culture, Action action) =>
        ExecutionContext.Run(
            ExecutionContext.Capture()!,
            _ =>
            {
                _local.Value = name;
                CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
                using Activity activity = new Activity(name).Start();
                action();
            },
            null);

    private string? AfterwardsOnTheScheduler()
    {
        string? seen = "did not run";
        using var ran = new ManualResetEventSlim();
        using (ExecutionContext.SuppressFlow())
        {
            _on.Scheduler.Schedule(() =>
            {
                seen = _local.Value;
                ran.Set();
            });
        }

        _on.RunUntil(() => ran.IsSet, "The action runs.");
        return seen;
    }
}

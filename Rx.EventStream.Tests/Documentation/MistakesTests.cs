using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Documentation;

/// <summary>Makes each mistake of the page on purpose: the library says what the page says.</summary>
[TestFixture]
internal sealed class MistakesTests
{
    private static readonly string _page = Pages.Read("docs/mistakes.md");

    private static IEnumerable<TestCaseData> Mistakes()
    {
        yield return Mistake<InvalidOperationException>(
            "The lag policy DropOldest(10) cannot be applied to an observer on the publishing thread",
            static stream => stream.WithLagPolicy(LagPolicy.DropOldest(10)).Subscribe(static _ => { }));
        yield return Mistake<InvalidOperationException>(
            "FaultPolicy.Continue needs a scheduler",
            static stream => stream.WithFaultPolicy(FaultPolicy<int>.Continue(static _ => { })).Subscribe(static _ => { }));
        yield return Mistake<InvalidOperationException>(
            "SubscribeAwait cannot use ImmediateScheduler",
            static stream => stream.ObserveOn(ImmediateScheduler.Instance).SubscribeAwait(static (_, _) => default));
        yield return Mistake<InvalidOperationException>("waiting here could wait for itself", static stream =>
        {
            using EventReader<int> full = stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
            stream.Subscribe(value => stream.OnNext(value));
            stream.OnNext(1);
        });
        yield return Mistake<InvalidOperationException>("or from a handler that publishers wait for", static stream =>
        {
            EventSubscription handling = stream.WithLagPolicy(LagPolicy.Wait(1)).SubscribeAwait(async (value, token) =>
            {
                await Task.Yield();
                await stream.OnNextAsync(value + 1, token);
            });
            stream.OnNext(1);
            handling.WhenEndedAsync().GetAwaiter().GetResult();
            throw handling.Error!;
        });
        yield return Mistake<InvalidOperationException>("its observer is called on the thread that publishes this", static stream =>
        {
            stream.ObserveOn(CurrentThreadScheduler.Instance).WithLagPolicy(LagPolicy.Wait(2)).Subscribe(static _ => { });
            Observable.Create<int>(observer =>
            {
                observer.OnNext(1);
                observer.OnNext(2);
                observer.OnNext(3);
                return () => { };
            }).Subscribe(stream);
        });
        yield return Mistake<ArgumentOutOfRangeException>(
            "is outside of what the stream retains: positions from 3 to 5 (Count(2))", static _ =>
        {
            using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(2) });
            stream.OnNextRange([0, 1, 2, 3, 4]);
            stream.GetPosition(0);
        });
        yield return Mistake<InvalidOperationException>("A wait for this reader is already pending", static stream =>
        {
            using EventReader<int> reader = stream.OpenReader();
            Task first = reader.WaitToReadAsync().AsTask();
            reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult();
        });
        yield return Mistake<ObjectDisposedException>("Object name: 'EventStream<Int32> 'quotes''", static stream =>
        {
            stream.Dispose();
            stream.OnNext(1);
        });
        yield return Mistake<SubscriberLaggedException>(
            "was 3 events behind at sequence number 0, more than the 2 that its lag policy allows", static stream =>
        {
            var clock = new HistoricalScheduler();
            Exception? ended = null;
            stream.ObserveOn(clock).WithLagPolicy(LagPolicy.Fail(2)).Subscribe(static _ => { }, error => ended = error);
            stream.OnNextRange([1, 2, 3]);
            clock.Start();
            throw ended!;
        });
    }

    [TestCaseSource(nameof(Mistakes))]
    public void Mistake_Made_SaysWhatThePageSays(string message, Type type, Action<EventStream<int>> make)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Name = "quotes" });

        Exception? error = Assert.Catch(() => make(stream));

        Assert.That(error, Is.TypeOf(type));
        Assert.That(error!.Message, Does.Contain(message));
        Assert.That(_page, Does.Contain($"`{type.Name}`: \"{message}\"").Or.Contain($"`{type.Name}`: \"{message}"));
    }

    [Test]
    public void TwoThreads_OnASingleWriterStream_SaysWhatThePageSays()
    {
        InvalidOperationException error = Rx.Storage.EventLog<int>.BrokenPromise();

        Assert.That(_page, Does.Contain("Two threads have published at the same time to a stream with SingleWriter = true"));
        Assert.That(error.Message, Does.Contain("Two threads have published at the same time to a stream with SingleWriter = true"));
    }

    [Test]
    public void UsingOfThePackage_InPlaceOfTheNamespace_IsCS0305()
    {
        CSharpCompilation compilation = CSharpCompilation.Create(
            "mistake",
            [CSharpSyntaxTree.ParseText("using Rx.EventStream; class Program { static void Main() { } }")],
            [MetadataReference.CreateFromFile(typeof(object).Assembly.Location), MetadataReference.CreateFromFile(typeof(EventStream<>).Assembly.Location)]);

        IEnumerable<string> errors = compilation.GetDiagnostics().Where(static d => d.Severity == DiagnosticSeverity.Error).Select(static d => d.Id);

        Assert.That(errors, Is.EqualTo(new[] { "CS0305" }));
    }

    /// <summary>A loop that is disposed first drops what was scheduled; disposing the subscription lets publishers go.</summary>
    [Test]
    public async Task EventLoop_DisposedBeforeItsSubscription_HoldsPublishersUntilThat()
    {
        using var stream = new EventStream<int>();
        var loop = new EventLoopScheduler();
        using var isBusy = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        loop.Schedule(() =>
        {
            isBusy.Set();
            release.Wait();
        });
        isBusy.Wait();
        IDisposable subscription = stream.ObserveOn(loop).WithLagPolicy(LagPolicy.Wait(1)).Subscribe(static _ => { });
        stream.OnNext(1);
        loop.Dispose();
        release.Set();
        Task waiting = stream.OnNextAsync(2).AsTask();

        bool wasDone = waiting.IsCompleted;
        subscription.Dispose();

        Assert.That(wasDone, Is.False);
        Assert.That(async () => await Eventually.Ends(waiting), Throws.Nothing);
        await waiting;
    }

    /// <summary>Behind <c>Share</c> an observer is an inline observer of a stream: its exception reaches the source, and it stays.</summary>
    [Test]
    public void Share_ObserverThrows_StaysSubscribed()
    {
        using var source = new Subject<int>();
        var seen = new List<int>();
        using IDisposable subscription = source.Share().Subscribe(Observer(seen));

        Assert.That(() => source.OnNext(0), Throws.TypeOf<DivideByZeroException>());
        source.OnNext(5);

        Assert.That(seen, Is.EqualTo(new[] { 2 }));
    }

    private static ThrowingObserver Observer(List<int> seen) => new(seen);

    private static TestCaseData Mistake<TException>(string message, Action<EventStream<int>> make)
        where TException : Exception =>
        new TestCaseData(message, typeof(TException), make).SetArgDisplayNames(message);

    /// <summary>Rx's own anonymous observer would stop at its first exception.</summary>
    private sealed class ThrowingObserver(List<int> seen) : IObserver<int>
    {
        public void OnNext(int value) => seen.Add(10 / value);

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }
}

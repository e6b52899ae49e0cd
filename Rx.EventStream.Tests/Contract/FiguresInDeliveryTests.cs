namespace Rx.Tests.Contract;

/// <summary>Observers without a scheduler that come and go while an event is delivered, on one thread: the figures then count what each observer
/// got.</summary>
[TestFixture(false)]
[TestFixture(true)]
internal sealed class FiguresInDeliveryTests(bool singleWriter)
{
    private const int Events = 4;
    private const char Subscribes = 'S';

    /// <summary>What an observer does when it gets the second event: a letter disposes that observer, S subscribes a new one.</summary>
    private static readonly string[] _scripts = [.. Scripts("abcdS", 3)];

    [Test]
    public void Delivered_ObserversComeAndGoInsideADelivery_CountsTheCalls([Values] bool isRun)
    {
        foreach (string first in _scripts)
        {
            foreach (string second in _scripts.Where(static script => script.Length < 3))
            {
                Check(first, second, isRun);
            }
        }
    }

    /// <summary>Where a context runs callbacks inside <c>Post</c>, its observers are called before those without a scheduler.</summary>
    [Test]
    public void Delivered_ObserverOnAContextDisposesOneBeforeItsTurn_CountsTheCalls(
        [Values] bool isRun, [Values] bool isFirst, [Values(1, 2)] int observers, [Values(1, 32)] int maxBatch, [Values] bool hasNewer)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = singleWriter });
        var context = new CallingContext();
        var got = new int[observers];
        var told = new List<(long Delivered, int Got)>();
        var disposed = new EventSubscription[observers];
        if (!isFirst)
        {
            SubscribeOnContext();
        }

        for (int i = 0; i < observers; i++)
        {
            int index = i;
            disposed[i] = (EventSubscription)stream.Subscribe(_ => got[index]++);
        }

        if (isFirst)
        {
            SubscribeOnContext();
        }

        if (hasNewer)
        {
            stream.OnNext(0);
            stream.Subscribe(static _ => { });
        }

        if (isRun)
        {
            stream.OnNextRange([0, 1, 2]);
        }
        else
        {
            Array.ForEach([0, 1, 2], stream.OnNext);
        }

        Assert.That(told, Is.Not.Empty.And.All.Matches<(long Delivered, int Got)>(static pair => pair.Delivered == pair.Got));
        Assert.That(disposed.Select(static s => (s.Delivered, s.Sequence)), Is.EqualTo(got.Select(static count => ((long)count, (long)count))));

        void SubscribeOnContext() => stream.ObserveOn(context, maxBatch).Subscribe(value =>
        {
            told.AddRange(disposed.Select((subscription, i) => (subscription.Delivered, got[i])));
            if (value == 1)
            {
                Array.ForEach(disposed, static subscription => subscription.Dispose());
            }
        });
    }

    [Test]
    public void Delivered_ObserversComeAndGoBeforeADelivery_CountsTheCalls([Values] bool isRun, [Values] bool isFirst)
    {
        foreach (string onContext in _scripts.Where(static script => script.Length < 3))
        {
            foreach (string first in _scripts.Where(static script => script.Length < 3))
            {
                Check(first, "", isRun, onContext, isFirst);
                Check("", first, isRun, onContext, isFirst);
            }
        }
    }

    /// <param name="first">What the first observer does.</param>
    /// <param name="second">What the second one does.</param>
    /// <param name="isRun">Whether the events are published as a run.</param>
    /// <param name="onContext">What an observer does that a context calls before those without a scheduler, or null.</param>
    /// <param name="isFirst">Whether it subscribes first.</param>
    private void Check(string first, string second, bool isRun, string? onContext = null, bool isFirst = false)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = singleWriter });
        var subscriptions = new List<EventSubscription>();
        var calls = new List<int>();
        if (isFirst)
        {
            SubscribeOnContext();
        }

        foreach (string script in new[] { first, second, "", "" })
        {
            Subscribe(script);
        }

        if (!isFirst)
        {
            SubscribeOnContext();
        }

        if (isRun)
        {
            stream.OnNextRange([.. Enumerable.Range(0, Events)]);
        }
        else
        {
            for (int i = 0; i < Events; i++)
            {
                stream.OnNext(i);
            }
        }

        string what = $"a: '{first}', b: '{second}', on the context: '{onContext}'";
        Assert.That(subscriptions.Select(static s => s.Delivered), Is.EqualTo(calls), what);
        Assert.That(subscriptions.Take(4).Select(static s => s.Sequence), Is.EqualTo(calls.Take(4)), what);

        void Subscribe(string script)
        {
            int index = calls.Count;
            calls.Add(0);
            subscriptions.Add(null!);
            subscriptions[index] = (EventSubscription)stream.Subscribe(value =>
            {
                calls[index]++;
                if (value == 1)
                {
                    Run(script);
                }
            });
        }

        void SubscribeOnContext()
        {
            if (onContext is not null)
            {
                stream.ObserveOn(new CallingContext()).Subscribe(value => Run(value == 1 ? onContext : ""));
            }
        }

        void Run(string script)
        {
            foreach (char step in script)
            {
                if (step == Subscribes)
                {
                    Subscribe("");
                }
                else
                {
                    subscriptions[step - 'a'].Dispose();
                }
            }
        }
    }

    /// <summary>All scripts up to a length, in which no observer is disposed twice.</summary>
    private static IEnumerable<string> Scripts(string steps, int length) =>
        length == 0
            ? [""]
            : Scripts(steps, length - 1).SelectMany(script => script.Length < length - 1
                ? [script]
                : steps.Where(step => step == Subscribes || !script.Contains(step)).Select(step => script + step).Prepend(script));
}

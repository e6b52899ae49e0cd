using CsCheck;
using Rx.Tests.Contract;

namespace Rx.Tests.Handlers;

/// <summary>Random scripts of publishing, returning, throwing, ending and disposing, in virtual time, against what a handler may rely on.</summary>
[TestFixture]
internal sealed class HandlerPropertyTests
{
    private enum Act
    {
        Publish,
        Return,
        Throw,
        Complete,
        Fail,
        Dispose,
    }

    [Test]
    public void AnyScript_NothingIsLostDoubledOrOutOfOrder() =>
        Scripts().Sample(script => Assert.That(Fault(script), Is.Null), print: Print, iter: 4_000, threads: 1);

    /// <summary>What is wrong with a run of a script, or null.</summary>
    private static string? Fault(Script script)
    {
        bool isPartitioned = script.Keys > 0;
        var run = new HandlerRun(
            script.Configuration,
            new() { MaxConcurrency = script.MaxConcurrency, PartitionKey = isPartitioned ? value => value % script.Keys : null },
            o => o.WithFaultPolicy(FaultPolicy<int>.Continue(_ => { })));
        int published = 0;
        bool isDisposed = false;
        string? end = null;
        foreach ((Act act, int pick) in script.Steps)
        {
            switch (act)
            {
                case Act.Publish when end is null:
                    run.Publish([.. Enumerable.Range(published, pick)]);
                    published += pick;
                    break;
                case Act.Return or Act.Throw when run.Running.Count > 0:
                    run.Return(run.Running[pick % run.Running.Count], act == Act.Throw ? new TimeoutException() : null);
                    break;
                case Act.Complete when end is null:
                    end = "completed";
                    run.Stream.OnCompleted();
                    run.Time.Start();
                    break;
                case Act.Fail when end is null:
                    end = "error TimeoutException";
                    run.Stream.OnError(new TimeoutException());
                    run.Time.Start();
                    break;
                case Act.Dispose:
                    isDisposed = true;
                    run.Subscription.Dispose();
                    break;
            }

            if (FaultNow(script, run, published) is { } fault)
            {
                return $"after {act} {pick}: {fault}; {string.Join(", ", run.Log)}";
            }
        }

        while (run.Running.Count > 0)
        {
            run.Return(run.Running[^1]);
        }

        int handled = run.Log.Count(e => e.StartsWith("begin", StringComparison.Ordinal));
        bool hasEnded = run.Log.Count > 0 && run.Log[^1] == end;
        return isDisposed || handled == published ? isDisposed || hasEnded == end is not null ? null : "The end is missing, or is not last."
            : $"{handled} of {published} events were handled; {string.Join(", ", run.Log)}";
    }

    private static string? FaultNow(Script script, HandlerRun run, int published)
    {
        List<int> begun = [.. run.Log.Where(e => e.StartsWith("begin", StringComparison.Ordinal)).Select(e => int.Parse(e[6..], null))];
        HashSet<int> open = [.. run.Running];
        int firstUnhandled = Enumerable.Range(0, published).FirstOrDefault(i => !begun.Contains(i) || open.Contains(i), published);
        IEnumerable<IGrouping<int, int>> byKey = begun.GroupBy(v => script.Keys == 0 ? 0 : v % script.Keys);
        return begun.Distinct().Count() != begun.Count ? "An event came twice."
            : open.Count > script.MaxConcurrency ? "Too many calls ran at once."
            : (script.Keys > 0 || script.MaxConcurrency == 1) && byKey.Any(k => !k.SequenceEqual(k.Order())) ? "A key is out of order."
            : script.Keys > 0 && open.GroupBy(v => v % script.Keys).Any(k => k.Count() > 1) ? "Two calls of one key overlap."
            : run.Subscription.Sequence > firstUnhandled ? $"Sequence {run.Subscription.Sequence} is after event {firstUnhandled}, which is not handled."
            : !run.Subscription.IsDisposed && run.Subscription.Sequence != firstUnhandled ? $"Sequence {run.Subscription.Sequence} is not {firstUnhandled}."
            : !run.Subscription.IsDisposed && script.Keys == 0 && open.Count < script.MaxConcurrency && begun.Count < published ? "A call could begin."
            : null;
    }

    private static Gen<Script> Scripts() =>
        from configuration in Gen.OneOf([.. StreamConfiguration.All.Select(Gen.Const)])
        from maxConcurrency in Gen.Int[1, 4]
        from keys in Gen.Int[0, 3]
        from steps in (
            from act in Gen.Frequency(
                (8, Gen.Const(Act.Publish)),
                (8, Gen.Const(Act.Return)),
                (3, Gen.Const(Act.Throw)),
                (1, Gen.Const(Act.Complete)),
                (1, Gen.Const(Act.Fail)),
                (1, Gen.Const(Act.Dispose)))
            from pick in Gen.Int[1, 5]
            select (act, pick)).Array[1, 25]
        select new Script(configuration, maxConcurrency, keys, steps);

    private static string Print(Script script) => $"{script} {string.Join(" ", script.Steps)}";

    private sealed record Script(StreamConfiguration Configuration, int MaxConcurrency, int Keys, (Act Act, int Pick)[] Steps);
}

using Rx.Tests.Contract;

namespace Rx.Tests.Diagnostics;

/// <summary>What the exceptions of a disposed stream, and of its readers and projections, say.</summary>
[TestFixture]
internal sealed class DisposedErrorTests
{
    [Test]
    public void Message_AnyEventType_NamesItAsCSharpDoes()
    {
        AssertNamed<int>("Int32");
        AssertNamed<int?>("Nullable<Int32>");
        AssertNamed<string[]>("String[]");
        AssertNamed<Dictionary<string, int>>("Dictionary<String, Int32>");
        AssertNamed<Dictionary<string, int?[]>>("Dictionary<String, Nullable<Int32>[]>");
        AssertNamed<List<int>[][,]>("List<Int32>[][,]");
        AssertNamed<(int Count, string Name)>("ValueTuple<Int32, String>");
        AssertNamed<Dictionary<string, int>.Enumerator>("Enumerator");
        AssertNamed<Service<long>.Message>("Message");
        AssertNamed<Service<long>.Reply<string>>("Reply<String>");
    }

    private static void AssertNamed<T>(string type)
    {
        foreach (string? name in new[] { null, "quotes" })
        {
            string suffix = name is null ? "" : $" '{name}'";
            string stream = $"EventStream<{type}>{suffix}";
            string[] names = [.. CallsAfterDispose<T>(name).Select(call => Thrown.By(call)).Select(error => error is ObjectDisposedException disposed ? disposed.ObjectName : $"{error}")];
            Assert.That(names, Is.EqualTo(Enumerable.Repeat(stream, names.Length)));

            using var open = new EventStream<T>(new EventStreamOptions { Name = name });
            EventReader<T> reader = open.WithName("mine").OpenReader();
            reader.Dispose();
            Assert.That(() => reader.TryRead(out _), Throws.TypeOf<ObjectDisposedException>().With.Property("ObjectName").EqualTo($"EventReader<{type}> 'mine'"));
            EventProjection<T, T> projection = open.ToProjection(default(T)!, (_, value) => value);
            projection.Dispose();
            Assert.That(() => projection.State, Throws.TypeOf<ObjectDisposedException>().With.Property("ObjectName").EqualTo($"EventProjection<{type}, {type}>"));
        }
    }

    private static IEnumerable<Action> CallsAfterDispose<T>(string? name)
    {
        var stream = new EventStream<T>(new EventStreamOptions { Name = name });
        EventReader<T> reader = stream.OpenReader();
        EventReader<T> waiting = stream.OpenReader();
        Task<bool> wait = waiting.WaitToReadAsync().AsTask();
        EventProjection<int, T> projection = stream.ToProjection(0, (count, _) => count + 1);
        Task reached = projection.WhenReachedAsync(5);
        var completed = new EventStream<T>(new EventStreamOptions { Name = name });
        EventProjection<int, T> ended = completed.ToProjection(0, (count, _) => count + 1);
        completed.OnCompleted();
        completed.Dispose();
        stream.Dispose();
        yield return () => stream.OnNext(default!);
        yield return () => stream.OnNextAsync(default!).AsTask().GetAwaiter().GetResult();
        yield return () => stream.Subscribe(_ => { });
        yield return () => stream.GetNextPosition();
        yield return () => stream.OpenReader();
        yield return () => reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult();
        yield return () => reader.Completion.GetAwaiter().GetResult();
        yield return () => wait.WaitAsync(Eventually.Limit).GetAwaiter().GetResult();
        yield return () => _ = projection.State;
        yield return () => projection.AsObservable().Subscribe(_ => { });
        yield return () => reached.WaitAsync(Eventually.Limit).GetAwaiter().GetResult();
        yield return () => projection.Completion.WaitAsync(Eventually.Limit).GetAwaiter().GetResult();
        yield return () => ended.AsObservable().Subscribe(_ => { });
    }

    internal static class Service<T>
    {
        internal sealed record Message(T Value);

        internal sealed record Reply<TReply>(T Value, TReply To);
    }
}

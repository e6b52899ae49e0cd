using System.Diagnostics;
using System.Reflection;
using Rx.Diagnostics;

namespace Rx.Tests.Diagnostics;

public sealed class EventStreamDebugViewTests
{
    [Test]
    public void Retained_Events_AreShownWithTheirSequenceNumbers()
    {
        using var stream = new EventStream<string>(new EventStreamOptions { Retention = Retention.Count(2) });
        stream.OnNext("a");
        stream.OnNext("b");
        stream.OnNext("c");

        var view = new EventStreamDebugView<string>(stream);

        Assert.That(view.Retained, Is.EqualTo(new[] { new Sequenced<string>(1, "b"), new Sequenced<string>(2, "c") }));
        Assert.That((view.Published, view.HasEnded, view.Subscriptions.Length), Is.EqualTo((3L, false, 0)));
    }

    [Test]
    public void Retained_StreamDisposed_IsEmpty()
    {
        var stream = new EventStream<string>();
        stream.Dispose();

        Assert.That(new EventStreamDebugView<string>(stream).Retained, Is.Empty);
    }

    [TestCase(typeof(EventStream<int>))]
    [TestCase(typeof(EventObservable<int>))]
    [TestCase(typeof(EventPosition<int>))]
    [TestCase(typeof(EventReader<int>))]
    public void Type_InADebugger_HasADisplay(Type type) =>
        Assert.That(type.GetCustomAttribute<DebuggerDisplayAttribute>(), Is.Not.Null);
}

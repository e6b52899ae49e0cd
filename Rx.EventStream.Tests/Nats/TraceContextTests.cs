using System.Diagnostics;
using NATS.Client.Core;
using Rx.Nats.Tracing;

namespace Rx.Tests.Nats;

[TestFixture]
[NonParallelizable] // listeners are process-wide
internal sealed class TraceContextTests
{
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Test]
    public void TryRead_Valid_GivesRemoteContext()
    {
        bool isRead = TraceContext.TryRead(new NatsHeaders { ["traceparent"] = Parent, ["tracestate"] = "a=1" }, out ActivityContext context);

        Assert.That(isRead, Is.True);
        Assert.That($"{context.TraceId} {context.SpanId}", Is.EqualTo("0af7651916cd43dd8448eb211c80319c b7ad6b7169203331"));
        Assert.That(context.TraceFlags, Is.EqualTo(ActivityTraceFlags.Recorded));
        Assert.That(context.TraceState, Is.EqualTo("a=1"));
        Assert.That(context.IsRemote, Is.True);
    }

    [TestCase("")]
    [TestCase("garbage")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01")]
    [TestCase("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [TestCase("00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01")]
    [TestCase("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more")]
    public void TryRead_Malformed_False(string parent)
    {
        Assert.That(TraceContext.TryRead(new NatsHeaders { ["traceparent"] = parent, ["tracestate"] = "a=1" }, out ActivityContext context), Is.False);
        Assert.That(context, Is.EqualTo(default(ActivityContext)));
    }

    [Test]
    public void TryRead_Missing_False()
    {
        Assert.That(TraceContext.TryRead(null, out _), Is.False);
        Assert.That(TraceContext.TryRead([], out _), Is.False);
        Assert.That(TraceContext.TryRead(new NatsHeaders { ["tracestate"] = "a=1" }, out _), Is.False);
        Assert.That(TraceContext.TryRead(new NatsHeaders { ["traceparent"] = new[] { Parent, Parent } }, out _), Is.False);
    }

    [Test]
    public void Write_Activity_IsReadBack()
    {
        using Activity activity = new Activity("publish") { TraceStateString = "b=2" }.SetIdFormat(ActivityIdFormat.W3C).Start();
        var headers = new NatsHeaders();

        TraceContext.Write(activity, headers);

        Assert.That(headers["traceparent"].ToString(), Is.EqualTo(activity.Id));
        Assert.That(TraceContext.TryRead(headers, out ActivityContext context), Is.True);
        Assert.That((context.TraceId, context.SpanId, context.TraceState), Is.EqualTo((activity.TraceId, activity.SpanId, "b=2")));
    }

    [Test]
    public void StartHandling_Listener_RootWithLinkAndTags()
    {
        using ActivityListener listener = Listen(ActivitySamplingResult.AllData);
        using Activity outer = new Activity("outer").Start();

        using Activity? activity = TraceContext.StartHandling("orders", "billing", 42, new NatsHeaders { ["traceparent"] = Parent });

        Assert.That(activity, Is.SameAs(Activity.Current));
        Assert.That(activity!.DisplayName, Is.EqualTo("handle billing"));
        Assert.That(activity.Kind, Is.EqualTo(ActivityKind.Consumer));
        Assert.That(activity.ParentId, Is.Null);
        Assert.That(activity.TraceId, Is.Not.EqualTo(outer.TraceId));
        Assert.That(activity.Links.Select(l => l.Context.SpanId.ToString()), Is.EqualTo(new[] { "b7ad6b7169203331" }));
        Assert.That(
            activity.TagObjects.Select(t => $"{t.Key}={t.Value}"),
            Is.EquivalentTo(new[]
            {
                "rx.eventstream.stream=orders", "rx.eventstream.subscription=billing", "rx.eventstream.sequence=42", "rx.eventstream.count=1",
                "messaging.system=nats",
            }));
    }

    [Test]
    public void StartHandling_NoContextAndNoName_NoLink()
    {
        using ActivityListener listener = Listen(ActivitySamplingResult.AllData);

        using Activity? activity = TraceContext.StartHandling("orders", null, 1, null);

        Assert.That(activity!.DisplayName, Is.EqualTo("handle orders"));
        Assert.That(activity.Links, Is.Empty);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void StartHandling_NotWanted_NullAndCurrentStays(bool hasListener)
    {
        using ActivityListener? listener = hasListener ? Listen(ActivitySamplingResult.None) : null;
        using Activity outer = new Activity("outer").Start();

        Assert.That(TraceContext.StartHandling("orders", null, 1, new NatsHeaders { ["traceparent"] = Parent }), Is.Null);
        Assert.That(Activity.Current, Is.SameAs(outer));
    }

    private static ActivityListener Listen(ActivitySamplingResult result)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Rx.EventStream",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => result,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}

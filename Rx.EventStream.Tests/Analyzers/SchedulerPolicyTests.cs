using Rx.Analyzers;
using Rx.Analyzers.CodeFixes;

namespace Rx.Tests.Analyzers;

/// <summary>RXES002.</summary>
internal sealed class SchedulerPolicyTests
{
    [TestCase("LagPolicy.Latest")]
    [TestCase("LagPolicy.DropOldest(3)")]
    [TestCase("LagPolicy.Fail(3)")]
    [TestCase("LagPolicy.Wait(3)")]
    public Task LagPolicy_NoScheduler_Reported(string policy) => Verify.Marked<SchedulerPolicyAnalyzer>(Verify.Method(
        $"var local = new EventStream<int>(); local.{{|RXES002:WithLagPolicy|}}({policy}).Subscribe(x => {{ }});"));

    [TestCase("new EventStream<int>().{|RXES002:WithLagPolicy|}(LagPolicy.Latest).Subscribe();")]
    [TestCase("using EventStream<int> local = new(); local.{|RXES002:WithFaultPolicy|}(FaultPolicy<int>.Continue(f => { })).Subscribe();")]
    [TestCase("using EventStream<int> local = new(); local.{|RXES002:Batch|}(3, TimeSpan.Zero).Subscribe(b => { });")]
    [TestCase("var local = new EventStream<int>(new EventStreamOptions { Name = \"a\" }); local.WithName(\"b\").{|RXES002:WithLagPolicy|}(LagPolicy.Latest).Where(IsLarge).Subscribe();")]
    [TestCase("var local = new EventStream<int>(new EventStreamOptions { LagPolicy = LagPolicy.Latest }); local.{|RXES002:Subscribe|}(x => { });")]
    [TestCase("var options = new EventStreamOptions { Scheduler = null }; var local = new EventStream<int>(options); Action go = () => local.{|RXES002:WithLagPolicy|}(LagPolicy.Latest).Subscribe();")]
    [TestCase("var local = new EventStream<int>(); local.{|RXES002:WithLagPolicy|}(LagPolicy.Latest).AsObservable().Subscribe(Observer.Create<int>(x => { }));")]
    public Task Reported(string statement) => Verify.Marked<SchedulerPolicyAnalyzer>(Verify.Method(statement));

    [TestCase("stream.WithLagPolicy(LagPolicy.Latest).Subscribe();", Description = "The options are not known.")]
    [TestCase("_stream.WithLagPolicy(LagPolicy.Latest).Subscribe();")]
    [TestCase("var local = new EventStream<int>(); local.ObserveOn(scheduler).WithLagPolicy(LagPolicy.Latest).Subscribe();")]
    [TestCase("var local = new EventStream<int>(); local.WithLagPolicy(LagPolicy.Latest).ObserveOn(scheduler).Subscribe();")]
    [TestCase("var local = new EventStream<int>(); using var reader = local.WithLagPolicy(LagPolicy.Latest).OpenReader();")]
    [TestCase("var local = new EventStream<int>(); local.WithLagPolicy(LagPolicy.Latest).SubscribeAwait(async (x, token) => { });")]
    [TestCase("var local = new EventStream<int>(); local.WithLagPolicy(LagPolicy.Unbounded).Subscribe();")]
    [TestCase("var local = new EventStream<int>(); local.WithLagPolicy(LagPolicy.Latest).WithLagPolicy(LagPolicy.Unbounded).Subscribe();")]
    [TestCase("var local = new EventStream<int>(); local.WithFaultPolicy(FaultPolicy<int>.Stop).Subscribe();")]
    [TestCase("var local = new EventStream<int>(); LagPolicy policy = LagPolicy.Latest; local.WithLagPolicy(policy).Subscribe();")]
    [TestCase("var local = new EventStream<int>(); local.Batch(3).Subscribe(b => { });")]
    [TestCase("var local = new EventStream<int>(); local.WithLagPolicy(LagPolicy.Latest).ObserveLatestOn(scheduler).Subscribe();")]
    [TestCase("var local = new EventStream<int>(); local.WithLagPolicy(LagPolicy.Latest).DelaySubscription(TimeSpan.Zero).Subscribe();")]
    [TestCase("var local = new EventStream<int>(); if (text == null) local = stream; local.WithLagPolicy(LagPolicy.Latest).Subscribe();")]
    [TestCase("var local = new EventStream<int>(new EventStreamOptions { Scheduler = scheduler }); local.WithLagPolicy(LagPolicy.Latest).Subscribe();")]
    [TestCase("var local = new EventStream<int>(new EventStreamOptions { LagPolicy = LagPolicy.Latest }); local.WithLagPolicy(LagPolicy.Unbounded).Subscribe();")]
    [TestCase("var local = new EventStream<int>(new EventStreamOptions { LagPolicy = LagPolicy.Latest }); local.ObserveOn(scheduler).Subscribe();")]
    [TestCase("EventStreamOptions Options() => null; var local = new EventStream<int>(Options()); local.WithLagPolicy(LagPolicy.Latest).Subscribe();")]
    public Task NotReported(string statement) => Verify.NoneAsync(Verify.Method(statement));

    [TestCase("private readonly EventStream<int> _s = new();", "", true)]
    [TestCase("private readonly EventStream<int> _s;", "_s = new EventStream<int>();", true)]
    [TestCase("public EventStream<int> _s { get; } = new();", "", true)]
    [TestCase("private static readonly EventStream<int> _s = new();", "", true)]
    [TestCase("private EventStream<int> _s = new();", "", false)]
    [TestCase("public EventStream<int> _s { get; set; } = new();", "", false)]
    [TestCase("private readonly EventStream<int> _s = new();", "_s = Make();", false)]
    [TestCase("private readonly EventStream<int> _s;", "_s = Make();", false)]
    [TestCase("private EventStream<int> _s => Make();", "", false)]
    public Task Member_CreatedOnce_Reported(string member, string constructor, bool isReported) => Verify.Marked<SchedulerPolicyAnalyzer>(
        $$"""
        using System;
        using Rx;

        class Test
        {
            {{member}}

            Test() { {{constructor}} }

            void Run() => _s.{{(isReported ? "{|RXES002:WithLagPolicy|}" : "WithLagPolicy")}}(LagPolicy.Latest).Subscribe(x => { });

            static EventStream<int> Make() => null;
        }
        """);

    [TestCase(
        "var local = new EventStream<int>(); local.{|RXES002:WithLagPolicy|}(LagPolicy.Latest).Subscribe();",
        "var local = new EventStream<int>(); local.ObserveOn(TaskPoolScheduler.Default).WithLagPolicy(LagPolicy.Latest).Subscribe();")]
    [TestCase(
        "var local = new EventStream<int>(new EventStreamOptions { LagPolicy = LagPolicy.Latest }); local.WithName(text).{|RXES002:Subscribe|}();",
        "var local = new EventStream<int>(new EventStreamOptions { LagPolicy = LagPolicy.Latest }); local.WithName(text).ObserveOn(TaskPoolScheduler.Default).Subscribe();")]
    public Task Fix_ObservesOnThePool(string statement, string expected) =>
        Verify.Fixed<SchedulerPolicyAnalyzer, SchedulerPolicyFix>(Verify.Method(statement), Verify.Method(expected));
}

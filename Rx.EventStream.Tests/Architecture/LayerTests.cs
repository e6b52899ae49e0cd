using ArchUnitNET.Domain;
using ArchUnitNET.Loader;

namespace Rx.Tests.Architecture;

/// <summary>Dependencies point one way: operators, public types, delivery, parking, storage.</summary>
[TestFixture]
internal sealed class LayerTests
{
    /// <summary>Public types that carry no behavior of a stream, so every layer above the storage may use them.</summary>
    private static readonly string[] _vocabulary =
    [
        "Rx.EventSubscription", "Rx.LagPolicy", "Rx.SubscriberLaggedException", "Rx.Sequenced`1", "Rx.EventFault`1", "Rx.FaultPolicy`1",
        "Rx.SubscribeAwaitOptions`1", "Rx.WaitStrategy",
    ];

    /// <summary>Knows nothing of the storage, nor of anything else, so every layer may use it.</summary>
    private const string LockType = "Rx.Storage.UninterruptibleLock";

    private static readonly ArchUnitNET.Domain.Architecture _architecture = new ArchLoader().LoadAssemblies(typeof(EventStream<>).Assembly).Build();

    [TestCase("Rx.Storage")]
    [TestCase("Rx.Parking", "Rx.Storage")]
    [TestCase("Rx.Delivery", "Rx.Parking", "Rx.Storage")]
    [TestCase("Rx.Diagnostics", "Rx", "Rx.Parking", "Rx.Storage")]
    [TestCase("Rx.Operators", "Rx")]
    public void Layer_AnyType_DependsOnLowerLayersOnly(string layer, params string[] lower)
    {
        string[] breaches = [.. Dependencies(layer)
            .Where(d => d.Target != layer && !lower.Contains(d.Target) && d.TargetType != LockType && !(layer == "Rx.Delivery" && _vocabulary.Contains(d.TargetType)))
            .Select(d => $"{d.OriginType} -> {d.TargetType}").Distinct()];

        Assert.That(breaches, Is.Empty);
    }

    [Test]
    public void PublicTypes_AllButTheOperators_DoNotUseOperators()
    {
        string[] breaches = [.. Dependencies("Rx")
            .Where(d => d.Target == "Rx.Operators" && d.OriginType != "Rx.EventStreamExtensions")
            .Select(d => $"{d.OriginType} -> {d.TargetType}").Distinct()];

        Assert.That(breaches, Is.Empty);
    }

    [Test]
    public void Layers_All_HaveTypes()
    {
        // Or a renamed namespace would make the tests above pass without looking at anything.
        foreach (string layer in new[] { "Rx", "Rx.Storage", "Rx.Parking", "Rx.Delivery", "Rx.Operators", "Rx.Diagnostics" })
        {
            Assert.That(_architecture.Types.Count(t => t.Namespace.FullName == layer), Is.GreaterThan(2), layer);
        }
    }

    private static IEnumerable<(string OriginType, string Target, string TargetType)> Dependencies(string layer) =>
        from type in _architecture.Types
        where type.Namespace.FullName == layer
        from dependency in type.Dependencies
        let target = dependency.Target
        where target is not GenericParameter
        where target.Namespace.FullName == "Rx" || target.Namespace.FullName.StartsWith("Rx.", StringComparison.Ordinal)
        select (Outermost(type.FullName), target.Namespace.FullName, Outermost(target.FullName));

    private static string Outermost(string name) => name.Split('+')[0];
}

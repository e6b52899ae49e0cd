using System.Reactive.Subjects;

namespace Rx.Tests.Contract;

[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class SubjectContractOnEventStreamTests(StreamConfiguration configuration) : SubjectContract
{
    protected override SubjectBase<T> Create<T>() => configuration.Create<T>();
}

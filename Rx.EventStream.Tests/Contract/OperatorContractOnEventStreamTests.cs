using System.Reactive.Subjects;

namespace Rx.Tests.Contract;

[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class OperatorContractOnEventStreamTests(StreamConfiguration configuration) : OperatorContract
{
    protected override SubjectBase<T> Create<T>() => configuration.Create<T>();
}

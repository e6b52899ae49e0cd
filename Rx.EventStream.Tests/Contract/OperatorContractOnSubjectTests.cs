using System.Reactive.Subjects;

namespace Rx.Tests.Contract;

[TestFixture]
internal sealed class OperatorContractOnSubjectTests : OperatorContract
{
    protected override SubjectBase<T> Create<T>() => new Subject<T>();
}

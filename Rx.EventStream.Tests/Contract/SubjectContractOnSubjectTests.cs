using System.Reactive.Subjects;

namespace Rx.Tests.Contract;

/// <summary>Shows that the contract is what <see cref="Subject{T}"/> really does.</summary>
[TestFixture]
internal sealed class SubjectContractOnSubjectTests : SubjectContract
{
    protected override SubjectBase<T> Create<T>() => new Subject<T>();
}

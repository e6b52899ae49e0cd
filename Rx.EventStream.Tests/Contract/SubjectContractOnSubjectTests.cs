using System.Reactive.Subjects;

namespace Rx.Tests.Contract;

/// <summary>Keeps the contract honest: what it says is what <see cref="Subject{T}"/> does.</summary>
[TestFixture]
internal sealed class SubjectContractOnSubjectTests : SubjectContract
{
    protected override SubjectBase<T> Create<T>() => new Subject<T>();
}

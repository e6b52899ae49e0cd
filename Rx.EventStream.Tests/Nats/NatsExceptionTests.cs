using System.Reflection;
using Rx.Nats;

namespace Rx.Tests.Nats;

[TestFixture]
internal sealed class NatsExceptionTests
{
    private static readonly Type _base = typeof(NatsEventStreamException);

    private static readonly Type[] _exceptions = [.. _base.Assembly.GetExportedTypes().Where(type => type.IsAssignableTo(typeof(Exception)))];

    [Test]
    public void Exceptions_All_HaveOneBase()
    {
        Assert.That(_exceptions, Has.Length.EqualTo(6));
        Assert.That(_exceptions.Where(type => !type.IsAssignableTo(_base)), Is.Empty);
    }

    [Test]
    public void Exceptions_OutsideThePackage_CannotBeDerivedFrom()
    {
        const BindingFlags all = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

        Assert.That(_exceptions.Where(type => !type.IsSealed), Is.EqualTo(new[] { _base }));
        Assert.That(_base.GetConstructors(all).Where(constructor => !constructor.IsAssembly), Is.Empty);
    }
}

using System.Reflection;

namespace Rx.Tests.Documentation;

/// <summary>Runs the tests that the page docs/view-model.md shows.</summary>
[TestFixture]
[Category("Slow")]
internal sealed class ViewModelPageTests
{
    private static readonly Type _fixture =
        Snippets.Load(Snippets.SectionsOf(Pages.Read("docs/view-model.md")).Single(section => section.Heading == "Its tests").Code)
            .Module.GetType("PricesViewModelTests")!;

    private static IEnumerable<TestCaseData> TestsOfPage() =>
        from method in _fixture.GetMethods()
        where method.IsDefined(typeof(TestAttribute))
        select new TestCaseData(method).SetArgDisplayNames(method.Name);

    [TestCaseSource(nameof(TestsOfPage))]
    public void Page_ItsTest_Passes(MethodInfo test) =>
        test.Invoke(Activator.CreateInstance(_fixture), BindingFlags.DoNotWrapExceptions, null, null, null);

    [Test]
    public void Page_ItsFixture_IsMadeAnewForEachTest() =>
        Assert.That(_fixture.IsDefined(typeof(FixtureLifeCycleAttribute)), Is.True);
}

using System.Text.RegularExpressions;

namespace Rx.Tests.Documentation;

/// <summary>Each row of the table in the migration guide has a section with code before and after, and its output.</summary>
[TestFixture]
internal sealed partial class MigratingTests
{
    [Test]
    public void Table_EachRow_HasCodeBeforeAndAfterThatIsRun()
    {
        string page = Pages.Read("docs/migrating.md");
        string[] rows = [.. Row().Matches(page).Select(m => m.Groups["anchor"].Value)];
        Dictionary<string, string> sections = Section().Split(page).Skip(1).ToDictionary(s => Anchor(s.Split('\n')[0]));

        Assert.That(rows, Has.Length.EqualTo(20));
        foreach (string row in rows)
        {
            Assert.That(sections, Contains.Key(row));
            Assert.That(Code().Count(sections[row]), Is.EqualTo(2), row);
            Assert.That(sections[row], Does.Contain("```output\n"), row);
        }
    }

    /// <summary>The anchor of a heading.</summary>
    private static string Anchor(string heading) => NoAnchor().Replace(heading.ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"^\| \[[^|]*\]\(#(?<anchor>[^)]+)\)", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^#{2,3} ", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^```csharp\n", RegexOptions.Multiline)]
    private static partial Regex Code();

    [GeneratedRegex("[^a-z0-9 -]")]
    private static partial Regex NoAnchor();
}

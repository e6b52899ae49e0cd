namespace Rx.Tests.Documentation;

/// <summary>Comments, strings and pages are free of the phrases of <see cref="EnglishRules"/>. Samples of them carry a caret in the middle of a
/// word, so that this file passes its own check.</summary>
internal sealed class EnglishTests
{
    private static readonly string[] _extensions = [".cs", ".md", ".cake", ".html", ".js"];

    private static readonly string[] _otherFolders = ["artifacts", "bin", "obj", "node_modules"];

    [Test]
    public void Repository_EveryFile_IsInPlainEnglish()
    {
        string[] violations = [.. Files().SelectMany(path => EnglishRules.Check(path, File.ReadAllText(Path.Combine(Repository.Root, path))))];
        if (violations.Length > 0)
        {
            Assert.Fail($"{violations.Length} phrases:\n{string.Join('\n', violations)}");
        }
    }

    [TestCase("README.md")]
    [TestCase("build.cake")]
    [TestCase("Rx.EventStream/EventStream.cs")]
    [TestCase("Rx.EventStream.Samples/Dashboard/Page/index.html")]
    [TestCase("Rx.EventStream.Samples/Dashboard/Page/main.js")]
    [TestCase("Rx.EventStream.Tests/Documentation/EnglishTests.cs")]
    public void Repository_KnownFile_IsChecked(string path) => Assert.That(Files(), Does.Contain(path));

    [TestCase("The slot is read by who^ever joins.", "who^ever")]
    [TestCase("It wakes no^body.", "no^body")]
    [TestCase("Some^body's thread drains.", "Some^body")]
    [TestCase("It is not for any^body.", "any^body")]
    [TestCase("Mean^while the reader waits.", "Mean^while")]
    [TestCase("The position is^ to be disposed.", "is^ to be")]
    [TestCase("Marks are not^ to be read twice.", "are not^ to be")]
    [TestCase("Read by those^ who join late.", "those^ who")]
    [TestCase("A thread of one^'s own is dear.", "of one^'s own")]
    [TestCase("The rule has it^ that the first one wins.", "has it^ that")]
    [TestCase("It shows which thread is at^ it.", "is at^ it")]
    [TestCase("Who^ joins late replays.", "Who^ joins")]
    [TestCase("A queue of its own; who^ comes late joins at a position.", "who^ comes")]
    [TestCase("The rest wait: who^ drains calls them.", "who^ drains")]
    [TestCase("Written once (who^ reads it must not write).", "who^ reads")]
    [TestCase("It is set by who^ left the list.", "who^ left")]
    [TestCase("- Who^ claims `Next` wins.", "Who^ claims")]
    [TestCase("| a | who^ writes it |", "who^ writes")]
    [TestCase("Look again behind^ the mark.", "behind^ the mark")]
    [TestCase("The events behind^ it stay.", "behind^ it")]
    [TestCase("Only behind^\nthat does it park.", "behind^ that")]
    [TestCase("A pause behind^ each of them.", "behind^ each")]
    [TestCase("It publishes behind^ its own claim.", "behind^ its own claim")]
    public void Check_BadSentence_NamesThePhrase(string sentence, string phrase) =>
        Assert.That(EnglishRules.Check("page.md", WithoutCaret(sentence)).Single(), Does.StartWith($"page.md:1: {WithoutCaret(phrase)} ("));

    [TestCase("The thread that closes the segment cuts its link.")]
    [TestCase("A developer who knows Rx finds nothing new.")]
    [TestCase("Who drains next? The first publisher.")]
    [TestCase("The client tells who is in the room.")]
    [TestCase("Type /who to list the members.")]
    [TestCase("The reader is 50 events behind it.")]
    [TestCase("The reader is far behind the end, and lags behind the others.")]
    [TestCase("Publishers queue up behind each other.")]
    [TestCase("A scheduler behind a wrapper gets batches.")]
    [TestCase("The point is to be fast.")]
    [TestCase("Call `who^ever.No^body` and [read on](behind/who^ever.md).")]
    public void Check_GoodSentence_FindsNothing(string sentence) => Assert.That(EnglishRules.Check("page.md", WithoutCaret(sentence)), Is.Empty);

    [TestCase("a.cs", """
        /// <summary>Takes the turn. Who^
        /// drains calls <see cref="Call"/>.</summary>
        void No^body(string who^ever) // no^body waits
        {
            Throw("Given to who^ever " + "asks", $"behind^ the {(a ? "no^body" : "")}", who^ever.No^body);
        }
        """, "1: Who^ drains", "3: no^body", "5: who^ever", "5: no^body")]
    [TestCase("a.cs", """
        // The thread
        // who^ closes it tells the reader; who^ reads
        string text = "The thread " + "who^ closes it waits behind^ " + "the mark.";
        string more = $"Said {count} times, who^ calls {name}.";
        string code = @"who^ writes \ it";
        """, "2: who^ reads", "3: behind^ the mark", "4: who^ calls", "5: who^ writes")]
    [TestCase("a.cake", """
        #addin nuget:?package=No^body&version=1.0.0
        Task("No^body").Does(() => Information("Run by no^body."));
        """, "2: No^body", "2: no^body")]
    [TestCase("a.js", """
        const no^body = /["'`]who^ever/.test(`${no^body.who^ever} is some^body`); // for no^body
        call('it\'s who^ever asks', "any^body", no^body /who^ever/ 2);
        /* Who^ calls
           it waits. */
        """, "1: some^body", "1: no^body", "2: who^ever", "2: any^body", "3: Who^ calls")]
    [TestCase("a.html", """
        <!-- Who^ joins late --><style>.no^body { color: red }</style>
        <p id="who^ever" title="For no^body">A <b>stream</b> for <code>no^body</code>
          some^body reads</p><script>let no^body = "any^body";</script>
        """, "1: Who^ joins", "2: no^body", "3: some^body", "3: any^body")]
    [TestCase("a.md", """
        # Who^ joins
        A page, for no^body. <!-- compiled with:
        class No^body; // some^body
        -->
        ```csharp
        No^body(who^ever); // any^body
        ```
        ```sh
        no^body --who^ever # mean^while
        ```
        ```text
        a position some^body holds
        ```
        """, "1: Who^ joins", "2: no^body", "3: some^body", "6: any^body", "9: mean^while", "12: some^body")]
    public void Check_File_FindsProseOnly(string path, string text, params string[] expected)
    {
        IEnumerable<string> found = EnglishRules.Check(path, WithoutCaret(text))
            .Select(violation => violation[(path.Length + 1)..violation.IndexOf(" (", StringComparison.Ordinal)]);
        Assert.That(found, Is.EqualTo(expected.Select(WithoutCaret)));
    }

    private static string WithoutCaret(string sample) => sample.Replace("^", "");

    private static IEnumerable<string> Files() =>
        Directory.EnumerateFiles(Repository.Root, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            .Where(path => _extensions.Contains(Path.GetExtension(path)) && !path.Split('/').Any(IsOther))
            .Order(StringComparer.Ordinal);

    /// <summary>Built, fetched or hidden, and so not ours.</summary>
    private static bool IsOther(string folder) => folder.StartsWith('.') || _otherFolders.Contains(folder);
}

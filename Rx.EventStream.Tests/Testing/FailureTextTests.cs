using System.Reactive.Linq;

namespace Rx.Tests.Testing;

/// <summary>What a failed test prints, as a whole.</summary>
[TestFixture]
internal sealed class FailureTextTests
{
    [Test]
    public void Differs_Values_CaretUnderTheFirstDifference() => AssertText(
        scheduler =>
        {
            MarbleSource<char> source = scheduler.Hot("--a--b-|");
            scheduler.Expect(source.Select(char.ToLowerInvariant)).ToBe("--a-b--|");
        },
        """
        source.Select(char.ToLowerInvariant) differs from the marbles in frame 4:
          expected  --a-b--|
          actual    --a--b-|
                        ^
        """);

    [Test]
    public void Differs_InAGroup_SameFramesInTheSameColumns() => AssertText(
        scheduler => scheduler.Expect(scheduler.Hot("-(abc)--(de)-|"), name: "source").ToBe("-(abd)--d-x|"),
        """
        source differs from the marbles in frame 1:
          expected  -(abd)--d   -x|
          actual    -(abc)--(de)-|
                        ^
        """);

    [Test]
    public void Differs_AfterAGroupOfOneLine_Padded() => AssertText(
        scheduler => scheduler.Expect(scheduler.Hot("-a--b 500ms c|"), name: "source").ToBe("-(ab)--b 500ms d|"),
        """
        source differs from the marbles in frame 1:
          expected  -(ab)--b 500ms d|
          actual    -a   --b 500ms c|
                     ^
        """);

    [Test]
    public void Differs_LongPauses_AsTime() => AssertText(
        scheduler => scheduler.Expect(scheduler.Hot("a 2s b 61ms c|"), name: "source").ToBe("a 2s b 62ms c|"),
        """
        source differs from the marbles in frame 2063:
          expected  a 2s b 61ms -c|
          actual    a 2s b 61ms c|
                                ^
        """);

    [Test]
    public void Differs_Missing_CaretWhereItShouldBe() => AssertText(
        scheduler => scheduler.Expect(scheduler.Hot("-a"), name: "source").ToBe("-a--|"),
        """
        source differs from the marbles in frame 4:
          expected  -a--|
          actual    -a
                        ^
        """);

    [Test]
    public void Differs_NothingCame_EmptyLine() => AssertText(
        scheduler => scheduler.Expect(scheduler.Hot("---"), name: "source").ToBe("-a"),
        """
        source differs from the marbles in frame 1:
          expected  -a
          actual
                     ^
        """);

    [Test]
    public void Differs_LargeValues_LettersAndLegend() => AssertText(
        scheduler => scheduler.Expect(scheduler.Hot("a-b-c|", ('a', 10), ('b', 20), ('c', 3)), name: "source").ToBe("a-x-c|", ('a', 10), ('x', 25)),
        """
        source differs from the marbles in frame 2:
          expected  a-x-c|
          actual    a-b-3|
                      ^
          a = 10
          b = 20
          x = 25
        """);

    [Test]
    public void Differs_Lists_WithTheirElements() => AssertText(
        scheduler => scheduler.Expect(scheduler.Hot("ab-c|").Buffer(2), name: "source").ToBe("-x--(y|)", ('x', ['a', 'b']), ('y', ['d'])),
        """
        source differs from the marbles in frame 4:
          expected  -x--(y|)
          actual    -x--(a|)
                         ^
          a = [c]
          x = [a, b]
          y = [d]
        """);

    [Test]
    public void Differs_Error_Notifications() => AssertText(
        scheduler => scheduler.Expect(scheduler.Hot("a-#", new IOException("disk")), name: "source").ToBe("a-#", new IOException("net")),
        """
        source differs from the marbles in frame 2:
          expected  a-#
          actual    a-#
                      ^
          # = OnError(System.IO.IOException: net)
          expected notifications:
            frame 0: OnNext(a)
            frame 2: OnError(System.IO.IOException: net)
          actual notifications:
            frame 0: OnNext(a)
            frame 2: OnError(System.IO.IOException: disk)
        """);

    [Test]
    public void Differs_ValuesThatPrintAlike_Notifications() => AssertText(
        scheduler => scheduler.Expect(scheduler.Hot("-ab|").ObserveOn(scheduler).Select(c => new Unequal(c)), name: "source").ToBe("-xb|", ('x', new Unequal('a'))),
        """
        source differs from the marbles in frame 1:
          expected  -xb|
          actual    -ac|
                     ^
          a = <a>
          c = <b>
          x = <a>
        """);

    [Test]
    public void Differs_BeforeFrameZero_Caret() => AssertText(
        scheduler => scheduler.Expect(scheduler.Hot("a^b"), name: "source").ToBe("--b"),
        """
        source differs from the marbles in frame 1:
          expected  --b
          actual    -b
                     ^
        """);

    [Test]
    public void Subscriptions_Differ_EachPairAligned() => AssertText(
        scheduler =>
        {
            MarbleSource<char> source = scheduler.Hot("-a-");
            scheduler.Record(source, "^--!");
            scheduler.Record(source, "-^---!");
            scheduler.Expect(source.Subscriptions).ToBe("^--!", "-^--!");
        },
        """
        Subscription 2 of source.Subscriptions differs from the marbles in frame 4:
          expected  ^--!
          actual    ^--!
          expected  -^--!
          actual    -^---!
                        ^
        """);

    [Test]
    public void Subscriptions_Missing_EmptyLine() => AssertText(
        scheduler =>
        {
            MarbleSource<char> source = scheduler.Hot("-a-");
            scheduler.Expect(source.Subscriptions).ToBe("-^--!");
        },
        """
        Subscription 1 of source.Subscriptions differs from the marbles in frame 1:
          expected  -^--!
          actual
                     ^
        """);

    [Test]
    public void Nested_InnerDiffers_LanesInAbsoluteTime() => AssertText(
        scheduler => scheduler.ExpectNested(scheduler.Hot("-a-b-c-d|").Window(2), name: "source")
            .ToBe("x--y---z|", ('x', "-a-(b|)"), ('y', "--c-(e|)"), ('z', "-|")),
        """
        source differs from the marbles in frame 7:
          expected  x--y   ---z   |
            x       -a-(b|)
            y       ----   -c-(e|)
            z       ----   ----   |
          actual    x--y   ---z   |
            x       -a-(b|)
            y       ----   -c-(d|)
                               ^
            z       ----   ----   |
        """);

    [Test]
    public void Nested_OuterDiffers_CaretUnderTheOuterLine() => AssertText(
        scheduler => scheduler.ExpectNested(scheduler.Hot("-a-b-c|").Window(2), name: "source").ToBe("x---y-|", ('x', "-a-(b|)"), ('y', "-c|")),
        """
        source differs from the marbles in frame 3:
          expected  x---   y-|
            x       -a-(b|)
            y       ----   -c|
          actual    x--y   --|
                       ^
            x       -a-(b|)
            y       ----   -c|
        """);

    [Test]
    public void Lanes_Tracked_BeneathTheMarbles() => AssertText(
        scheduler =>
        {
            int count = 0;
            IObservable<char> source = scheduler.Hot("-a-b-c|").Do(_ => count += 9);
            scheduler.Track("count", () => count);
            scheduler.Expect(source).ToBe("-a-b-d|");
        },
        """
        source differs from the marbles in frame 5:
          expected  -a-b-d|
          actual    -a-b-c|
                         ^
          count     09-a-b
          count: a = 18
          count: b = 27
        """);

    private static void AssertText(Action<MarbleScheduler> body, string expected)
    {
        MarbleException? e = Assert.Throws<MarbleException>(() => MarbleScheduler.Run(body));

        Assert.That(e!.Message, Is.EqualTo(expected.ReplaceLineEndings()).NoClip);
    }

    private sealed class Unequal(char c)
    {
        public override string ToString() => $"<{c}>";
    }
}

using System.Reactive.Linq;
using CsCheck;
using Rx.Testing.Syntax;

namespace Rx.Tests.Testing;

/// <summary>Marble lines as text.</summary>
[TestFixture]
internal sealed class SyntaxTests
{
    private static readonly TimeSpan _millisecond = TimeSpan.FromMilliseconds(1);

    [TestCase("", "")]
    [TestCase("---", "")]
    [TestCase("--a--b-|", "--a--b-|")]
    [TestCase("a-(bc)-#", "a-(bc)-#")]
    [TestCase("(a)", "a")]
    [TestCase("( a b )", "(ab)")]
    [TestCase("- a - b --", "-a-b")]
    [TestCase("3ms a", "---a")]
    [TestCase("a 3f b", "a---b")]
    [TestCase("a 500ms b", "a 500ms b")]
    [TestCase("a 0.5s b", "a 500ms b")]
    [TestCase("2s a 61s b 3m |", "2s a 61s b 3m |")]
    [TestCase("-1s", "-1s")]
    [TestCase("a1s", "a1s")]
    [TestCase("2s-a", "(2)s-a")]
    [TestCase("2s-", "(2)s")]
    [TestCase("2s", "")]
    [TestCase("(2)s", "(2)s")]
    [TestCase("50s-", "(5)0s")]
    [TestCase("ab^c", "ab^c")]
    [TestCase("ab(^c)", "ab(^c)")]
    [TestCase("--^c", "-c")]
    [TestCase("é?.,*=", "é?.,*=")]
    public void Of_ParsedMarbles_ShortestEquivalent(string marbles, string expected) =>
        Assert.That(Marbles.Of(Marbles.Parse(marbles)), Is.EqualTo(expected));

    [TestCase(1, "a 500f b", "a 500f b")]
    [TestCase(1, "a 1ms b", "a 1ms b")]
    [TestCase(1, "a 10050f b", "a 10050f b")]
    [TestCase(20_000, "a 100ms b", "a 100ms b")]
    [TestCase(20_000, "a 50f b", "a 100ms b")]
    [TestCase(600_000_000, "a 50m b", "a 50m b")]
    public void Of_OtherFrames_TimeInTheLargestUnit(int ticks, string marbles, string expected)
    {
        var frame = TimeSpan.FromTicks(ticks);

        Assert.That(Marbles.Of(Marbles.Parse(marbles, frame), frame), Is.EqualTo(expected));
    }

    [Test]
    public void Parse_Group_OneFrameWide() =>
        Assert.That(
            Marbles.Parse("a-(bc)|").Select(n => (n.Tick, n.Frame, n.Notification.ToString())),
            Is.EqualTo(new[]
            {
                (0, 0, "OnNext(a)"), (20_000, 2, "OnNext(b)"), (20_000, 2, "OnNext(c)"), (30_000, 3, "OnCompleted()"),
            }));

    [Test]
    public void Parse_Caret_FramesBeforeItAreNegative() =>
        Assert.That(Marbles.Parse("a-^b 10ms c").Select(n => n.Frame), Is.EqualTo(new long[] { -2, 1, 12 }));

    private static readonly Gen<(long Gap, string Symbols)> _cell =
        Gen.Select(
            Gen.OneOf(Gen.Long[0, 3], Gen.Long[35, 45], Gen.OneOf([.. new long[] { 1_000L, 60_000L, 120_500L, 10_000_000L }.Select(Gen.Const)])),
            Gen.Char["abc0123456789msf.xyz"].Array[1, 3],
            (gap, symbols) => (gap, new string(symbols)));

    /// <summary>All marks are kept: parse(print(x)) is x, and print(parse(print(x))) is print(x).</summary>
    [Test]
    public void Parse_OfPrinted_Same() =>
        Gen.Select(_cell.List[0, 12], Gen.Int[0, 3], Gen.OneOf([.. new long[] { 1L, 10_000L, 15_000L, 20_000_000L }.Select(Gen.Const)])).Sample(
            (cells, before, ticks) =>
            {
                var frame = TimeSpan.FromTicks(ticks);
                var marks = new List<Mark>();
                long next = -before;

                foreach ((long gap, string symbols) in cells)
                {
                    next += gap;
                    marks.AddRange(symbols.Select(symbol => new Mark(next, symbol)));
                    next++;
                }

                string printed = Diagram.Draw(marks, frame);
                IReadOnlyList<Mark> parsed = LineParser.Parse(printed, LineKind.Hot, frame);
                return parsed.SequenceEqual(marks) && Diagram.Draw(parsed, frame) == printed;
            },
            print: t => Diagram.Draw([.. t.Item1.SelectMany((c, i) => c.Symbols.Select(s => new Mark(i, s)))], TimeSpan.FromTicks(t.Item3)),
            iter: 5_000);

    [TestCase("a-(bc", 2, "a group without a ')'")]
    [TestCase("ab)", 2, "a ')' without a group")]
    [TestCase("a-()", 3, "an empty group")]
    [TestCase("a-( )", 4, "an empty group")]
    [TestCase("(a-b)", 2, "a '-' in a group, which is one frame")]
    [TestCase("(a(b))", 2, "a group in a group")]
    [TestCase("(a 3ms b)", 3, "a time progression in a group, which is one frame")]
    [TestCase("a-!", 2, "a '!', which only subscriptions can have")]
    [TestCase("a^-b^", 4, "a second '^'")]
    [TestCase("a 1.5ms b", 2, "a time that is not a whole number of frames of 1ms")]
    [TestCase("0.5f", 0, "a time that is not a whole number of frames of 1ms")]
    [TestCase("99999999999999999999m", 0, "a time that is not a whole number of frames of 1ms")]
    [TestCase("a9999999999999999999999999999999999s", -1, "")]
    [TestCase("a-\u0007", 2, "a character that cannot stand for a value")]
    [TestCase("a😀", 1, "a character that cannot stand for a value")]
    public void Hot_Mistake_ShowsWhere(string marbles, int index, string what)
    {
        var scheduler = new MarbleScheduler();

        if (index < 0)
        {
            // No progression, as nothing sets it off: values.
            Assert.That(() => scheduler.Hot(marbles), Throws.Nothing);
            return;
        }

        AssertFault(() => scheduler.Hot(marbles), marbles, index, what);
    }

    [TestCase("a^", 1, "a '^', which only hot marbles and subscriptions can have")]
    [TestCase("-!", 1, "a '!', which only subscriptions can have")]
    public void ColdAndToBe_Mistake_ShowsWhere(string marbles, int index, string what)
    {
        var scheduler = new MarbleScheduler();

        AssertFault(() => scheduler.Cold(marbles), marbles, index, what);
        AssertFault(() => scheduler.Expect(scheduler.Cold("a")).ToBe(marbles), marbles, index, what);
        AssertFault(() => scheduler.ExpectNested(scheduler.Cold("a").Window(1)).ToBe("x", ('x', marbles)), marbles, index, what);
    }

    [TestCase("-a", 1, "a 'a', but a subscription has only '^' and '!'")]
    [TestCase("^-|", 2, "a '|', but a subscription has only '^' and '!'")]
    [TestCase("^-^", 2, "a second '^'")]
    [TestCase("^!-!", 3, "a second '!'")]
    public void Subscription_Mistake_ShowsWhere(string marbles, int index, string what)
    {
        var scheduler = new MarbleScheduler();

        AssertFault(() => scheduler.Record(scheduler.Hot("a"), marbles), marbles, index, what);
        AssertFault(() => scheduler.Expect(scheduler.Hot("a").Subscriptions).ToBe("^", marbles), marbles, index, what);
    }

    [TestCase("--a", 2, "a 'a', but a length of time has only dashes and time progressions")]
    [TestCase("-(a)", 1, "a group, which a length of time cannot have")]
    public void AdvanceTo_Mistake_ShowsWhere(string marbles, int index, string what) =>
        AssertFault(() => new MarbleScheduler().AdvanceTo(marbles), marbles, index, what);

    [Test]
    public void Hot_ValueThatCannotBeMade_ShowsWhere()
    {
        var scheduler = new MarbleScheduler();

        AssertFault(() => scheduler.Hot<int>("-1-x"), "-1-x", 3, "a 'x' that cannot be read as Int32");
        AssertFault(() => scheduler.Hot("-a-b", ('a', 10)), "-a-b", 3, "a 'b' that has no value");
    }

    [Test]
    public void Null_Anywhere_Throws()
    {
        var scheduler = new MarbleScheduler();

        Assert.That(() => scheduler.Hot(null!), Throws.ArgumentNullException);
        Assert.That(() => Marbles.Parse(null!), Throws.ArgumentNullException);
        Assert.That(() => scheduler.Record<int>((IObservable<int>)null!), Throws.ArgumentNullException);
        Assert.That(() => new MarbleScheduler(TimeSpan.Zero), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Marbles.Parse("", -_millisecond), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private static void AssertFault(Action parse, string marbles, int index, string what) =>
        Assert.That(
            () => parse(),
            Throws.TypeOf<FormatException>().With.Message.EqualTo(
                string.Join(Environment.NewLine, $"The marbles have {what}:", $"  {marbles}", $"  {new string(' ', index)}^")));
}

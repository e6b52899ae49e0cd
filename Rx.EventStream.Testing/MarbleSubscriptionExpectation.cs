using Rx.Testing.Checks;
using Rx.Testing.Syntax;

namespace Rx.Testing;

/// <summary>What the subscriptions of a <see cref="MarbleSource{T}"/> should be. The scheduler checks it when it has nothing left to run.</summary>
/// <remarks><b>Concurrency:</b> use it on one thread.</remarks>
public sealed class MarbleSubscriptionExpectation
{
    private readonly MarbleScheduler _scheduler;
    private readonly IReadOnlyList<MarbleSubscription> _subscriptions;
    private readonly string _name;

    internal MarbleSubscriptionExpectation(MarbleScheduler scheduler, IReadOnlyList<MarbleSubscription> subscriptions, string name) =>
        (_scheduler, _subscriptions, _name) = (scheduler, subscriptions, name);

    /// <summary>Expects a subscription for each string, such as <c>"--^---!"</c>, in this order. Without strings, it expects none.</summary>
    /// <exception cref="FormatException">The marbles have a mistake. The message shows where.</exception>
    /// <exception cref="MarbleException">The scheduler has run already, and the subscriptions differ.</exception>
    public void ToBe(params ReadOnlySpan<string> marbles)
    {
        var expected = new List<IReadOnlyList<Mark>>();

        foreach (string line in marbles)
        {
            expected.Add(LineParser.Parse(line, LineKind.Subscription, _scheduler.Frame));
        }

        _scheduler.Check(() => Failure(expected));
    }

    private string? Failure(List<IReadOnlyList<Mark>> expected)
    {
        var sheet = new Sheet(_scheduler.Frame);
        (int Subscription, long Frame)? difference = null;

        for (int i = 0; i < Math.Max(expected.Count, _subscriptions.Count); i++)
        {
            IReadOnlyList<Mark> first = i < expected.Count ? expected[i] : [];
            IReadOnlyList<Mark> second = i < _subscriptions.Count ? MarksOf(_subscriptions[i]) : [];
            int expectedLine = sheet.Add("expected", first);
            int actualLine = sheet.Add("actual", second);

            if (difference is null && !first.SequenceEqual(second))
            {
                difference = (i + 1, first.Except(second).Concat(second.Except(first)).Min(mark => mark.Frame));
                sheet.PointAt(difference.Value.Frame, expectedLine, actualLine);
            }
        }

        return difference is null
            ? null
            : $"Subscription {difference.Value.Subscription} of {_name} differs from the marbles in frame {difference.Value.Frame}:{Environment.NewLine}{sheet.ToString("  ")}";
    }

    private Mark[] MarksOf(MarbleSubscription subscription)
    {
        var subscribe = new Mark(Marbles.FrameOf(subscription.Subscribed, _scheduler.Frame), Mark.Subscribe);
        return subscription.Unsubscribed == long.MaxValue
            ? [subscribe]
            : [subscribe, new Mark(Marbles.FrameOf(subscription.Unsubscribed, _scheduler.Frame), Mark.Unsubscribe)];
    }
}

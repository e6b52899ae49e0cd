namespace Rx.AspNetCore.Dashboard;

/// <summary>Captures the state of a stream and its subscribers.</summary>
/// <remarks><b>Concurrency.</b> One caller at a time.</remarks>
internal sealed class StreamMonitor(IEventStream stream)
{
    /// <summary>The most subscribers of a frame. The others are counted.</summary>
    internal const int MaxSubscribers = 50;

    /// <summary>The most characters of a name, which may come from a client of the application.</summary>
    internal const int MaxNameLength = 100;

    /// <summary>The most characters of what an exception says.</summary>
    internal const int MaxErrorLength = 200;

    /// <summary>The most subscribers to show that have failed.</summary>
    private const int MaxFailed = 10;

    /// <summary>How long a subscriber is shown that has failed, in seconds.</summary>
    private const double FailedShown = 30;

    /// <summary>How long a subscriber that has left may take to have its error, in seconds: a reader has it when its owner reads on.</summary>
    private const double ErrorDelay = 1;

    private readonly string _name = Shorten(stream.Name ?? NameOf(stream.GetType()), MaxNameLength);
    private readonly RateMeter _rate = new();

    /// <summary>The subscribers of the last frame.</summary>
    private readonly Dictionary<EventSubscription, SubscriberMonitor> _monitors = [];

    /// <summary>Subscribers that have left, and when.</summary>
    private readonly List<(double At, SubscriberMonitor Monitor)> _left = [];
    private int _count;

    internal StreamFrame Capture(double time)
    {
        IReadOnlyList<EventSubscription> all = stream.Subscriptions;
        HashSet<EventSubscription> shown = [.. all.Count <= MaxSubscribers ? all : all.OrderByDescending(s => s.Lag).Take(MaxSubscribers)];
        foreach ((EventSubscription subscription, SubscriberMonitor monitor) in _monitors.Where(pair => !shown.Contains(pair.Key)).ToArray())
        {
            _monitors.Remove(subscription);
            _left.Add((time, monitor));
        }

        foreach (EventSubscription subscription in all.Where(s => shown.Contains(s) && !_monitors.ContainsKey(s)))
        {
            _monitors.Add(subscription, new SubscriberMonitor(++_count, subscription));
        }

        _left.RemoveAll(left => time - left.At > (left.Monitor.HasFailed ? FailedShown : ErrorDelay));
        SubscriberMonitor[] failed = [.. _left.Select(left => left.Monitor).Where(monitor => monitor.HasFailed)];
        SubscriberFrame[] subscribers = [.. _monitors.Values.Select(monitor => monitor.Capture(time))];
        long published = stream.NextSequence;
        return new StreamFrame(
            _name,
            published,
            _rate.Read(time, published),
            Math.Max(0, published - stream.OldestSequence),
            stream.HasEnded,
            all.Count,
            subscribers.Select(s => s.Lag).DefaultIfEmpty().Max(),
            [.. subscribers.Concat(failed.TakeLast(MaxFailed).Select(monitor => monitor.Capture(time))).OrderBy(s => s.Id)]);
    }

    internal static string Shorten(string text, int maxLength)
    {
        if (text.Length <= maxLength)
        {
            return text;
        }

        // A character of two code units stays whole.
        int length = char.IsHighSurrogate(text[maxLength - 1]) ? maxLength - 1 : maxLength;
        return $"{text[..length]}…";
    }

    /// <summary>The name of a stream that has none: its type.</summary>
    private static string NameOf(Type type) => type.GenericTypeArguments is [var argument] ? $"EventStream<{argument.Name}>" : type.Name;
}

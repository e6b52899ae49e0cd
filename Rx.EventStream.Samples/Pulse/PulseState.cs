using System.Diagnostics;

namespace Rx.Samples.Pulse;

/// <summary>The data that the views show.</summary>
internal sealed class PulseState(
    int seconds, LatestValues latest, IReadOnlyList<Producer> producers, IReadOnlyList<Subscriber> subscribers)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    public int Seconds => seconds;

    public LatestValues Latest => latest;

    public IReadOnlyList<Producer> Producers => producers;

    public IReadOnlyList<Subscriber> Subscribers => subscribers;

    public TimeSpan Elapsed => _watch.Elapsed;

    /// <summary>The number of events, by the producers' own count.</summary>
    public long Published => producers.Sum(p => p.Published);

    /// <summary>Whether publishing has ended and the subscribers are catching up.</summary>
    public bool IsCatchingUp { get; set; }
}

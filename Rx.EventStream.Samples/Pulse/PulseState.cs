using System.Diagnostics;

namespace Rx.Samples.Pulse;

/// <summary>What there is to look at while the sample runs.</summary>
internal sealed class PulseState(
    int seconds, Board board, IReadOnlyList<Producer> producers, IReadOnlyList<Subscriber> subscribers)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    public int Seconds => seconds;

    public Board Board => board;

    public IReadOnlyList<Producer> Producers => producers;

    public IReadOnlyList<Subscriber> Subscribers => subscribers;

    public TimeSpan Elapsed => _watch.Elapsed;

    /// <summary>How many events there are, by the producers' own count.</summary>
    public long Published => producers.Sum(p => p.Published);

    /// <summary>Whether publishing is over, and subscribers only catch up.</summary>
    public bool IsDraining { get; set; }
}

namespace Rx.Delivery;

/// <summary>A delivery that one thread at a time drains.</summary>
internal interface IDrained
{
    /// <summary>The managed id of the drainer's thread; 0 if none drains, or it has not noted itself yet.</summary>
    int DrainerThread { get; }
}
